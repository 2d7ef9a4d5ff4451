//! The built server among faults: killed, its database killed, its disk full or broken, its clients watched.

mod balancer;
mod disk;
mod drain;
mod file;
mod full;
mod histories;
mod kill;
mod load;
mod memory;
mod outage;
mod pauses;
mod points;
mod poolers;
mod postgres;
mod promotion;
mod restore;
mod rolling;
mod switch;
mod traced;
