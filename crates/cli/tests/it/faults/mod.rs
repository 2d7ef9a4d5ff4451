//! The built server among faults: killed, its database killed, its clients watched.

mod histories;
mod kill;
mod load;
mod postgres;
mod switch;
