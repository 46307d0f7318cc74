//! What is remembered of the sources of a session: the indices their packets have had.

use super::cipher::Place;
use super::window::{Window, nearest};

/// Sources a peer may have, either way: a microphone and a camera, which are other ones each time a page begins to show
/// pictures anew.
pub(super) const MAX_SOURCES: usize = 64;
/// RTP packets this far behind the newest are taken for replays: 1024. Pictures at 500 packets/s: 2 s, in which one that
/// was lost may be sent again.
const RTP_WORDS: usize = 16;
/// RTCP packets, likewise: 128. They come every few seconds.
const RTCP_WORDS: usize = 2;
/// Indices there are of RTP packets, and of RTCP packets: another one would repeat a key stream (RFC 3711 section 9.2).
const RTP_INDICES: u64 = 1 << 48;
const RTCP_INDICES: u64 = 1 << 31;

/// Sources that have sent an authentic packet.
#[derive(Debug, Default)]
pub(super) struct Received(Vec<Heard>);

#[derive(Debug)]
struct Heard {
    ssrc: u32,
    rtp: Option<Window<RTP_WORDS>>,
    rtcp: Option<Window<RTCP_WORDS>>,
}

impl Received {
    /// Which packet it would be. `None` for one that has come, and for an unknown source where there are enough of them.
    pub(super) fn rtp(&self, ssrc: u32, sequence: u16) -> Option<Place> {
        let index = match self.heard(ssrc)?.and_then(|heard| heard.rtp.as_ref()) {
            None => u64::from(sequence),
            Some(window) => Some(nearest(window.newest(), sequence)).filter(|&index| window.is_new(index))?,
        };
        (index < RTP_INDICES).then_some(Place { ssrc, index })
    }

    /// Which packet it is. `None` likewise.
    pub(super) fn rtcp(&self, ssrc: u32, index: u64) -> Option<Place> {
        let window = self.heard(ssrc)?.and_then(|heard| heard.rtcp.as_ref());
        window.is_none_or(|window| window.is_new(index)).then_some(Place { ssrc, index })
    }

    /// An RTP packet was authentic.
    pub(super) fn take_rtp(&mut self, Place { ssrc, index }: Place) {
        if let Some(heard) = self.heard_mut(ssrc) {
            mark(&mut heard.rtp, index);
        }
    }

    /// An RTCP packet was authentic.
    pub(super) fn take_rtcp(&mut self, Place { ssrc, index }: Place) {
        if let Some(heard) = self.heard_mut(ssrc) {
            mark(&mut heard.rtcp, index);
        }
    }

    /// Sources known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is known of a source. `None` when nothing is and nothing more may be.
    fn heard(&self, ssrc: u32) -> Option<Option<&Heard>> {
        let known = self.0.iter().find(|heard| heard.ssrc == ssrc);
        (known.is_some() || self.0.len() < MAX_SOURCES).then_some(known)
    }

    /// A source that is known from now on.
    fn heard_mut(&mut self, ssrc: u32) -> Option<&mut Heard> {
        let at = self.0.iter().position(|heard| heard.ssrc == ssrc).unwrap_or_else(|| {
            self.0.push(Heard { ssrc, rtp: None, rtcp: None });
            self.0.len() - 1
        });
        self.0.get_mut(at)
    }
}

fn mark<const WORDS: usize>(window: &mut Option<Window<WORDS>>, index: u64) {
    match window {
        Some(window) => window.mark(index),
        None => *window = Some(Window::beginning(index)),
    }
}

/// Sources that packets are sealed for.
#[derive(Debug, Default)]
pub(super) struct Sent(Vec<Told>);

#[derive(Debug)]
struct Told {
    ssrc: u32,
    /// The indices of its RTP packets: none is used twice, whatever asks for it (RFC 3711 section 9.1).
    rtp: Option<Window<RTP_WORDS>>,
    /// RTCP packets so far.
    reports: u64,
}

impl Sent {
    /// Which packet the next one of a source is, with this sequence number. `None` for one that was sealed before, when there
    /// are enough sources, or when its key is used up.
    pub(super) fn rtp(&mut self, ssrc: u32, sequence: u16) -> Option<Place> {
        let told = self.told(ssrc)?;
        let index = match &told.rtp {
            None => u64::from(sequence),
            Some(window) => Some(nearest(window.newest(), sequence)).filter(|&index| window.is_new(index))?,
        };
        if index >= RTP_INDICES {
            return None;
        }
        mark(&mut told.rtp, index);
        Some(Place { ssrc, index })
    }

    /// Which the next report of a source is. `None` likewise.
    pub(super) fn rtcp(&mut self, ssrc: u32) -> Option<Place> {
        let told = self.told(ssrc)?;
        let index = told.reports + 1;
        if index >= RTCP_INDICES {
            return None;
        }
        told.reports = index;
        Some(Place { ssrc, index })
    }

    fn told(&mut self, ssrc: u32) -> Option<&mut Told> {
        let at = match self.0.iter().position(|told| told.ssrc == ssrc) {
            Some(at) => at,
            None if self.0.len() >= MAX_SOURCES => return None,
            None => {
                self.0.push(Told { ssrc, rtp: None, reports: 0 });
                self.0.len() - 1
            }
        };
        self.0.get_mut(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_used_up_seals_nothing_more() {
        let mut sent = Sent::default();
        sent.rtp(1, 0).unwrap();
        sent.told(1).unwrap().rtp = Some(Window::beginning(RTP_INDICES - 1));
        assert!(sent.rtp(1, 0).is_none());
        assert!(sent.rtp(1, 65_000).is_some());
        sent.told(1).unwrap().reports = RTCP_INDICES - 2;
        assert!(sent.rtcp(1).is_some());
        assert!(sent.rtcp(1).is_none());
    }

    #[test]
    fn no_number_is_sealed_twice() {
        let mut sent = Sent::default();
        let places: Vec<_> = [7, 9, 8, 8, 9, 7].into_iter().map(|sequence| sent.rtp(1, sequence).is_some()).collect();
        assert_eq!(places, [true, true, true, false, false, false]);
        assert!(sent.rtp(2, 7).is_some());
    }

    #[test]
    fn nothing_is_sealed_for_more_sources_than_there_may_be() {
        let mut sent = Sent::default();
        assert_eq!((0..100).filter(|&ssrc| sent.rtp(ssrc, 1).is_some()).count(), MAX_SOURCES);
    }
}
