//! Service numbers: legs of the relay's own that answer a call.
//!
//! [`ServiceNumber`] names them; [`ServiceLeg`] speaks the core's leg language for one call. What `echo`, `tone` and
//! `dtmf` sound like is the media worker's; `busy` and `noanswer` have no sound at all.

mod leg;

pub use leg::{ServiceLeg, ServiceNumber, ServiceOutput};
