use std::collections::VecDeque;

use offhook_protocol::{ErrorCode, Event, EventBody, Failure};

/// How many events are kept for a browser that lost its socket.
pub const MAX_KEPT: usize = 256;

/// How many bytes of them.
const MAX_BYTES: usize = 1 << 20;

/// Data of apps are kept for a browser that is away only as far as they leave this much room for what the relay itself
/// has to say.
const KEPT_FOR_CALLS: usize = MAX_KEPT / 2;

/// The events of a session, numbered from 1, the latest of them kept as frames.
#[derive(Default)]
pub(super) struct Events {
    last: u64,
    kept: VecDeque<String>,
    bytes: usize,
}

impl Events {
    pub(super) fn push(&mut self, body: EventBody) -> String {
        self.last += 1;
        let event = Event { seq: self.last, body };
        let frame = serde_json::to_string(&event).unwrap_or_default();
        self.bytes += frame.len();
        self.kept.push_back(frame.clone());
        while self.kept.len() > MAX_KEPT || self.bytes > MAX_BYTES {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.len();
        }
        frame
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Whether so many bytes more can be kept beside everything after event `seen`.
    pub(super) fn has_room_beside(&self, seen: u64, bytes: usize) -> bool {
        let unseen = usize::try_from(self.last.saturating_sub(seen)).unwrap_or(usize::MAX);
        let kept: usize = self.kept.iter().rev().take(unseen).map(String::len).sum();
        unseen < MAX_KEPT - KEPT_FOR_CALLS && kept.saturating_add(bytes) < MAX_BYTES / 2
    }

    pub(super) fn after(&self, seen: u64) -> Result<Vec<String>, Failure> {
        let rejected = |why: &str| Failure::new(ErrorCode::ResumeRejected, why);
        let missed = self.last.checked_sub(seen).ok_or_else(|| rejected("No such event was ever sent."))?;
        let kept = usize::try_from(missed).ok().and_then(|missed| self.kept.len().checked_sub(missed));
        let skipped = kept.ok_or_else(|| rejected("Events that were missed are no longer kept."))?;
        Ok(self.kept.iter().skip(skipped).cloned().collect())
    }
}

/// Frames hold SDP: a log shows how many there are.
impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("last", &self.last).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_protocol::RegistrationState;
    use offhook_protocol::event::Registration;

    fn events(count: usize) -> Events {
        let mut events = Events::default();
        for _ in 0..count {
            events.push(EventBody::Registration(Registration { state: RegistrationState::Registered, error: None }));
        }
        events
    }

    #[test]
    fn events_are_numbered_from_one_without_gaps() {
        let frames = events(3).after(0).unwrap();
        for (seq, frame) in (1u64..).zip(&frames) {
            assert!(frame.contains(&format!("\"seq\":{seq},")), "{frame}");
        }
        assert_eq!(frames.len(), 3);
    }

    #[test]
    fn only_what_was_missed_comes_again() {
        assert_eq!(events(5).after(3).unwrap().len(), 2);
        assert_eq!(events(5).after(5).unwrap().len(), 0);
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes_too() {
        let mut events = Events::default();
        let large = || {
            let payload = offhook_protocol::Secret::new("x".repeat(16_000));
            EventBody::AppData(offhook_protocol::event::AppData { payload, from: None, call_id: None })
        };
        for _ in 0..100 {
            events.push(large());
        }
        assert!(events.kept.iter().map(String::len).sum::<usize>() == events.bytes && events.bytes <= MAX_BYTES);
        assert_eq!(events.after(0).unwrap_err().code, ErrorCode::ResumeRejected);
        assert_eq!(events.after(98).unwrap().len(), 2);
    }

    #[test]
    fn data_leave_room_for_what_happens_to_calls() {
        let events = events(MAX_KEPT);
        let last = events.last();
        assert!(events.has_room_beside(last, 1000));
        assert!(!events.has_room_beside(last, MAX_BYTES));
        assert!(events.has_room_beside(last - 100, 1000));
        assert!(!events.has_room_beside(last - 128, 1000));
    }

    #[test]
    fn the_future_and_the_forgotten_past_are_rejected() {
        assert_eq!(events(5).after(6).unwrap_err().code, ErrorCode::ResumeRejected);
        let many = events(MAX_KEPT + 2);
        assert_eq!(many.after(1).unwrap_err().code, ErrorCode::ResumeRejected);
        assert_eq!(many.after(2).unwrap().len(), MAX_KEPT);
    }
}
