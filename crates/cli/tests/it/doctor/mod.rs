//! `doctor`: each fault that is put in is named with its cure, and sound set-ups have none.

mod faults;
mod proxy;
mod sound;
mod world;
