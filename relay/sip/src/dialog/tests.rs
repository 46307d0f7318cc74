//! Dialogs, one behaviour per test.

mod answer;
mod callee;
mod caller;
mod fixture;
mod forks;
mod lossy_network;
mod reliable;
mod robustness;
mod routing;
mod session_timer;
