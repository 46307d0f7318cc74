//! Datagrams on a stream: each with its length before it (RFC 4571 §2), as ICE has them over TCP (RFC 6544 §3).

/// Bytes of a length.
pub(crate) const LENGTH: usize = 2;

/// What has arrived of a stream and is not a whole datagram yet. Its room never grows.
#[derive(Debug)]
pub(crate) struct Incoming {
    room: Box<[u8]>,
    begin: usize,
    end: usize,
}

/// A datagram longer than any that belongs here: what follows cannot be told apart from it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Incoming {
    /// Takes datagrams of fewer bytes than `longest`.
    #[must_use]
    pub(crate) fn new(longest: usize) -> Self {
        Self { room: vec![0; LENGTH + longest].into_boxed_slice(), begin: 0, end: 0 }
    }

    /// Where what arrives next belongs. Never empty once [`Incoming::next`] has had nothing more.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        self.room.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        self.room.get_mut(self.end..).unwrap_or_default()
    }

    /// So many bytes have been put there.
    pub(crate) fn arrived(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.room.len());
    }

    /// The next whole datagram. Empty ones mean nothing and are left out.
    ///
    /// # Errors
    /// [`TooLong`].
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        loop {
            let Some((length, rest)) = self.room.get(self.begin..self.end).and_then(<[u8]>::split_first_chunk) else {
                return Ok(None);
            };
            let length = usize::from(u16::from_be_bytes(*length));
            if LENGTH + length >= self.room.len() {
                return Err(TooLong);
            }
            if rest.len() < length {
                return Ok(None);
            }
            let begin = self.begin + LENGTH;
            self.begin = begin + length;
            if length > 0 {
                return Ok(self.room.get(begin..self.begin));
            }
        }
    }
}

/// What a stream has not taken yet. Datagrams that find no room are lost, as on any way that is too narrow.
#[derive(Debug)]
pub(crate) struct Outgoing {
    waiting: Vec<u8>,
    /// How much of it has been taken.
    taken: usize,
    most: usize,
}

impl Outgoing {
    /// Keeps so many bytes at most.
    #[must_use]
    pub(crate) const fn new(most: usize) -> Self {
        Self { waiting: Vec::new(), taken: 0, most }
    }

    /// Adds a datagram. Whether there was room for it.
    pub(crate) fn add(&mut self, datagram: &[u8]) -> bool {
        let Ok(length) = u16::try_from(datagram.len()) else {
            return false;
        };
        if self.waiting.len() + LENGTH + datagram.len() > self.most {
            self.waiting.drain(..std::mem::take(&mut self.taken));
        }
        if self.waiting.len() + LENGTH + datagram.len() > self.most {
            return false;
        }
        self.waiting.extend_from_slice(&length.to_be_bytes());
        self.waiting.extend_from_slice(datagram);
        true
    }

    /// What is to be written next.
    #[must_use]
    pub(crate) fn waiting(&self) -> &[u8] {
        self.waiting.get(self.taken..).unwrap_or_default()
    }

    /// So many bytes of it have been.
    pub(crate) fn took(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count);
        if self.taken >= self.waiting.len() {
            self.waiting.clear();
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(incoming: &mut Incoming, bytes: &[u8]) -> usize {
        let free = incoming.free();
        let count = free.len().min(bytes.len());
        free[..count].copy_from_slice(&bytes[..count]);
        incoming.arrived(count);
        count
    }

    proptest! {
        #[test]
        fn datagrams_survive_a_stream_however_it_is_cut(
            datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..90), 0..20),
            cuts in prop::collection::vec(1usize..50, 1..20),
        ) {
            let (mut outgoing, mut incoming) = (Outgoing::new(10_000), Incoming::new(100));
            for datagram in &datagrams {
                prop_assert!(outgoing.add(datagram));
            }
            let mut arrived = Vec::new();
            for cut in cuts.iter().cycle() {
                let waiting = outgoing.waiting();
                if waiting.is_empty() {
                    break;
                }
                let taken = put(&mut incoming, &waiting[..waiting.len().min(*cut)]);
                prop_assert!(taken > 0);
                outgoing.took(taken);
                while let Some(datagram) = incoming.next().unwrap() {
                    arrived.push(datagram.to_vec());
                }
            }
            prop_assert_eq!(arrived, datagrams);
        }

        #[test]
        fn whatever_arrives_is_a_datagram_or_too_long(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let mut incoming = Incoming::new(100);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let taken = put(&mut incoming, rest);
                prop_assert!(taken > 0);
                rest = &rest[taken..];
                loop {
                    match incoming.next() {
                        Ok(Some(datagram)) => prop_assert!(!datagram.is_empty() && datagram.len() < 100),
                        Ok(None) => break,
                        Err(TooLong) => return Ok(()),
                    }
                }
            }
        }
    }

    #[test]
    fn what_finds_no_room_is_lost_whole() {
        let mut outgoing = Outgoing::new(20);
        assert!(outgoing.add(&[1; 10]));
        assert!(!outgoing.add(&[2; 10]));
        outgoing.took(4);
        assert!(outgoing.add(&[3; 8]));
        assert_eq!(outgoing.waiting(), [[1; 8].as_slice(), &[0, 8], &[3; 8]].concat());
        assert!(!outgoing.add(&vec![0; 70_000]));
    }

    #[test]
    fn a_datagram_longer_than_any_that_belongs_here_ends_the_stream() {
        let mut incoming = Incoming::new(100);
        put(&mut incoming, &[0, 100, 1]);
        assert_eq!(incoming.next(), Err(TooLong));
        let mut incoming = Incoming::new(100);
        put(&mut incoming, &[0, 99]);
        assert_eq!(incoming.next(), Ok(None));
    }
}
