//! The built server among faults: killed, its database killed, its clients watched.

mod drain;
mod histories;
mod kill;
mod load;
mod outage;
mod postgres;
mod promotion;
mod switch;
