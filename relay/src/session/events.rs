use std::collections::VecDeque;

use offhook_protocol::{ErrorCode, Event, EventBody, Failure};

/// How many events are kept for a browser that lost its socket.
pub const MAX_KEPT: usize = 256;

/// How many bytes of them.
const MAX_BYTES: usize = 1 << 20;

/// Data of apps and keys take up half of each at most, so that no far end drives out what the relay itself has to say:
/// without that, a browser cannot take its calls back.
const MAX_DATA_KEPT: usize = MAX_KEPT / 2;
const MAX_DATA_BYTES: usize = MAX_BYTES / 2;

/// The events of a session, numbered from 1, the latest of them kept as frames.
#[derive(Default)]
pub(super) struct Events {
    last: u64,
    kept: VecDeque<Kept>,
    all: Size,
    data: Size,
    /// The latest event that is no longer kept, data and keys aside.
    forgotten: u64,
}

struct Kept {
    seq: u64,
    frame: String,
    is_data: bool,
}

#[derive(Default)]
struct Size {
    events: usize,
    bytes: usize,
}

impl Events {
    pub(super) fn push(&mut self, body: EventBody) -> String {
        self.last += 1;
        let is_data = matches!(body, EventBody::AppData(_) | EventBody::Dtmf(_) | EventBody::Message(_));
        let event = Event { seq: self.last, body };
        let frame = serde_json::to_string(&event).unwrap_or_default();
        self.all.add(&frame);
        if is_data {
            self.data.add(&frame);
        }
        self.kept.push_back(Kept { seq: self.last, frame: frame.clone(), is_data });
        while self.data.is_beyond(MAX_DATA_KEPT, MAX_DATA_BYTES) {
            let Some(oldest) = self.kept.iter().position(|kept| kept.is_data) else { break };
            self.forget(oldest);
        }
        while self.all.is_beyond(MAX_KEPT, MAX_BYTES) && !self.kept.is_empty() {
            self.forget(0);
        }
        frame
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Whether so many bytes of data more can be kept beside everything after event `seen`.
    pub(super) fn has_room_beside(&self, seen: u64, bytes: usize) -> bool {
        let unseen = usize::try_from(self.last.saturating_sub(seen)).unwrap_or(usize::MAX);
        let kept: usize = self.kept_after(seen).map(|kept| kept.frame.len()).sum();
        unseen < MAX_DATA_KEPT && kept.saturating_add(bytes) < MAX_DATA_BYTES
    }

    pub(super) fn after(&self, seen: u64) -> Result<Vec<String>, Failure> {
        let rejected = |why: &str| Err(Failure::new(ErrorCode::ResumeRejected, why));
        if seen > self.last {
            return rejected("No such event was ever sent.");
        }
        if seen < self.forgotten {
            return rejected("Events that were missed are no longer kept.");
        }
        Ok(self.kept_after(seen).map(|kept| kept.frame.clone()).collect())
    }

    fn kept_after(&self, seen: u64) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |kept| kept.seq > seen)
    }

    fn forget(&mut self, at: usize) {
        let Some(Kept { seq, frame, is_data }) = self.kept.remove(at) else { return };
        self.all.subtract(&frame);
        if is_data {
            self.data.subtract(&frame);
        } else {
            self.forgotten = seq;
        }
    }
}

impl Size {
    fn add(&mut self, frame: &str) {
        self.events += 1;
        self.bytes += frame.len();
    }

    fn subtract(&mut self, frame: &str) {
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(frame.len());
    }

    fn is_beyond(&self, events: usize, bytes: usize) -> bool {
        self.events > events || self.bytes > bytes
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
            events.push(news());
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

    fn data(bytes: usize) -> EventBody {
        let payload = offhook_protocol::Secret::new("x".repeat(bytes));
        EventBody::AppData(offhook_protocol::event::AppData { payload, from: None, call_id: None })
    }

    fn news() -> EventBody {
        EventBody::Registration(Registration { state: RegistrationState::Registered, error: None })
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes_too() {
        let mut events = Events::default();
        for _ in 0..100 {
            events.push(data(16_000));
        }
        let bytes: usize = events.kept.iter().map(|kept| kept.frame.len()).sum();
        assert!(bytes == events.all.bytes && bytes == events.data.bytes && bytes <= MAX_DATA_BYTES);
        assert_eq!(events.after(98).unwrap().len(), 2);
    }

    #[test]
    fn data_drive_out_older_data_and_nothing_else() {
        let mut events = events(100);
        for _ in 0..1000 {
            events.push(data(10));
        }
        events.push(news());
        let missed = events.after(0).unwrap();
        let of_the_relay = missed.iter().filter(|frame| frame.contains("registration")).count();
        assert_eq!((of_the_relay, missed.len()), (101, 101 + MAX_DATA_KEPT));
        for _ in 0..MAX_KEPT {
            events.push(news());
        }
        assert_eq!(events.after(101).unwrap_err().code, ErrorCode::ResumeRejected);
        assert_eq!((events.kept.len(), events.data.events), (MAX_KEPT, 0));
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
