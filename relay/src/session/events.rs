use std::collections::VecDeque;

use offhook_protocol::{ErrorCode, Event, EventBody, Failure};

/// How many events are kept for a browser that lost its socket.
pub const MAX_KEPT: usize = 256;

/// The events of a session, numbered from 1, the latest of them kept as frames.
#[derive(Default)]
pub(super) struct Events {
    last: u64,
    kept: VecDeque<String>,
}

impl Events {
    pub(super) fn push(&mut self, body: EventBody) -> String {
        self.last += 1;
        let event = Event { seq: self.last, body };
        let frame = serde_json::to_string(&event).unwrap_or_default();
        if self.kept.len() == MAX_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(frame.clone());
        frame
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
    fn the_future_and_the_forgotten_past_are_rejected() {
        assert_eq!(events(5).after(6).unwrap_err().code, ErrorCode::ResumeRejected);
        let many = events(MAX_KEPT + 2);
        assert_eq!(many.after(1).unwrap_err().code, ErrorCode::ResumeRejected);
        assert_eq!(many.after(2).unwrap().len(), MAX_KEPT);
    }
}
