//! The keys that a leg's descriptions name (RFC 4568), from the system's randomness.

use offhook_sip::sdp::{CryptoSuite, MasterKey};

use crate::ua::hop::Random;

/// A leg's master keys, one for each suite.
pub(super) struct Keys {
    random: Box<dyn Random>,
    keys: Vec<(CryptoSuite, MasterKey)>,
    /// Those of the pictures, which are never those of the sound.
    of_video: Vec<(CryptoSuite, MasterKey)>,
}

/// A fork's keys are those that were offered; it renews them by itself.
impl Clone for Keys {
    fn clone(&self) -> Self {
        Self { random: self.random.fork(), keys: self.keys.clone(), of_video: self.of_video.clone() }
    }
}

impl Keys {
    pub(super) fn new(random: Box<dyn Random>) -> Self {
        let mut keys = Self { random, keys: Vec::new(), of_video: Vec::new() };
        keys.renew();
        keys
    }

    /// Other keys, for a peer that may be another than before: it knows nothing of how far the former have come
    /// (RFC 4568 section 7.1.4).
    pub(super) fn renew(&mut self) {
        let mut all = || CryptoSuite::ALL.into_iter().map(|suite| (suite, key(suite, &mut self.random))).collect();
        (self.keys, self.of_video) = (all(), all());
    }

    pub(super) fn of_video(&self) -> Vec<(CryptoSuite, MasterKey)> {
        self.of_video.clone()
    }

    pub(super) fn all(&self) -> Vec<(CryptoSuite, MasterKey)> {
        self.keys.clone()
    }
}

fn key(suite: CryptoSuite, random: &mut Box<dyn Random>) -> MasterKey {
    let words = std::iter::repeat_with(|| random.next());
    MasterKey::new(words.flat_map(u64::to_ne_bytes).take(suite.key_len()).collect())
}
