//! SRTP and SRTCP towards one peer (RFC 3711, RFC 7714), keyed by DTLS (RFC 5764) or by what signalling says (RFC 4568).
//!
//! Packets are opened where they lie and sealed in a buffer that the session keeps, so that none of them costs an
//! allocation. Ciphers and hashes are libraries'; what is here is which bytes they are given, and what is remembered of
//! each source: nothing at all before one of its packets has proven authentic.

mod cipher;
mod counter_mode;
mod derive;
mod gcm;
mod keys;
mod session;
mod sources;
mod window;

pub(crate) use keys::{Keys, Profile};
pub(crate) use session::{Rekeyed, Session};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
