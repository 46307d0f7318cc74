//! The user agent as its peers see it: a scripted SIP peer on simulated time reads what it sends and answers.

mod cancelled;
mod changes;
mod dispatch;
mod dns;
mod early;
mod encrypted;
mod ends;
mod failover;
mod headers;
mod incoming;
mod keys;
mod orders;
mod outgoing;
mod pages;
mod peer;
mod provisional;
mod redirected;
mod refer;
mod referred;
mod registered;
mod registration;
mod replaces;
mod routing;
mod scene;
mod session_timers;
