//! Waiting messages as a mailbox tells of them: `application/simple-message-summary` (RFC 3842 section 5.2).

use offhook_protocol::event::MessageWaiting;

/// Its media type.
pub(super) const MESSAGE_SUMMARY: &str = "application/simple-message-summary";

/// Its event package.
pub(super) const PACKAGE: &str = "message-summary";

/// Longest body that is read. Mailboxes write a few lines.
pub(super) const MAX_BODY: usize = 8 * 1024;

/// Reads a summary; `None` without its first line, which says whether anything waits.
pub(super) fn read(body: &[u8]) -> Option<MessageWaiting> {
    let text = std::str::from_utf8(body).ok()?;
    let mut summary = None;
    for line in text.lines().take(64) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("Messages-Waiting") {
            let waiting = value.eq_ignore_ascii_case("yes");
            summary = Some(MessageWaiting { waiting, new: None, old: None });
        } else if name.eq_ignore_ascii_case("Voice-Message")
            && let Some(summary) = summary.as_mut()
        {
            (summary.new, summary.old) = counts(value);
        }
    }
    summary
}

/// `2/8 (0/2)`: new and old ones, and in brackets the urgent ones among them.
fn counts(value: &str) -> (Option<u32>, Option<u32>) {
    let plain = value.split('(').next().unwrap_or_default();
    match plain.split_once('/') {
        Some((new, old)) => (new.trim().parse().ok(), old.trim().parse().ok()),
        None => (plain.trim().parse().ok(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(waiting: bool, new: Option<u32>, old: Option<u32>) -> Option<MessageWaiting> {
        Some(MessageWaiting { waiting, new, old })
    }

    #[test]
    fn the_example_of_the_rfc() {
        let body = b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n\
                     Voice-Message: 2/8 (0/2)\r\n";
        assert_eq!(read(body), summary(true, Some(2), Some(8)));
    }

    #[test]
    fn what_servers_make_of_it() {
        assert_eq!(read(b"Messages-Waiting: no"), summary(false, None, None));
        assert_eq!(read(b"messages-waiting:YES\nvoice-message: 3\n"), summary(true, Some(3), None));
        assert_eq!(read(b"Messages-Waiting: yes\r\nVoice-Message: a/99999999999\r\n"), summary(true, None, None));
    }

    #[test]
    fn what_is_no_summary_is_none() {
        for body in [&b""[..], b"Voice-Message: 2/8", b"\xff\xfe", b"no colon"] {
            assert_eq!(read(body), None);
        }
    }
}
