//! When a registration is refreshed, and when one that failed is tried again.

use std::time::Duration;

use offhook_sip::message::{HeaderName, Response};

/// The shortest time between two refreshes, whatever the registrar grants.
const MIN_REFRESH: Duration = Duration::from_secs(5);

/// How long a lost binding waits for its first new attempt, and the longest it ever waits of its own accord.
const RETRY: Duration = Duration::from_secs(30);
const MAX_RETRY: Duration = Duration::from_secs(300);

/// The longest that a server's Retry-After is heeded.
const MAX_RETRY_AFTER: u64 = 86_400;

/// A fifth of the time is left for a refresh that is slow or has to be repeated.
pub(in crate::ua) fn refresh_after(granted: u32) -> Duration {
    let seconds = u64::from(granted);
    Duration::from_secs(seconds.saturating_mul(4) / 5).max(MIN_REFRESH)
}

/// RFC 5626 section 4.5: twice as long each time, and never all phones of a server at once. Never before the server
/// wants it (RFC 3261 section 20.33).
pub(in crate::ua) fn retry_after(losses: u32, wanted: Option<Duration>, random: u64) -> Duration {
    if let Some(wanted) = wanted {
        // All whom it told the same come within a tenth of that time.
        return wanted.saturating_add(part(wanted / 10, random));
    }
    let longest = RETRY.saturating_mul(1 << losses.min(5)).min(MAX_RETRY);
    let half = longest / 2;
    half.saturating_add(part(half, random))
}

pub(super) fn part(of: Duration, random: u64) -> Duration {
    let millis = u64::try_from(of.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random.checked_rem(millis).unwrap_or_default())
}

/// The Retry-After of a response: seconds, a comment and parameters may follow.
pub(in crate::ua) fn wanted(response: &Response) -> Option<Duration> {
    let text = response.headers().first(&HeaderName::RetryAfter)?.text();
    let digits = text.find(|c: char| !c.is_ascii_digit()).map_or(text.as_str(), |end| text.split_at(end).0);
    let seconds: u64 = if digits.len() > 9 { MAX_RETRY_AFTER } else { digits.parse().ok()? };
    Some(Duration::from_secs(seconds.clamp(1, MAX_RETRY_AFTER)))
}

#[cfg(test)]
mod tests {
    use offhook_sip::message::{Message, StatusCode};

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_pause_grows_to_its_bound_and_is_no_two_phones_the_same() {
        for (losses, least) in [(0, 15), (1, 30), (2, 60), (4, 150), (40, 150)] {
            assert_eq!(retry_after(losses, None, 0), seconds(least), "{losses}");
            let most = retry_after(losses, None, u64::MAX);
            assert!(most > seconds(least) && most < seconds(2 * least), "{losses}: {most:?}");
        }
    }

    #[test]
    fn a_server_is_never_asked_before_it_wants_to_be() {
        for random in [0, 1, 999, u64::MAX] {
            let pause = retry_after(9, Some(seconds(20)), random);
            assert!(pause >= seconds(20) && pause <= seconds(22), "{pause:?}");
        }
    }

    #[test]
    fn retry_after_is_read_with_what_may_follow_it() {
        let read = |value: &str| {
            let text = format!("SIP/2.0 503 No\r\nRetry-After: {value}\r\nCall-ID: x\r\n\r\n");
            match Message::parse_datagram(text.into(), &Default::default()) {
                Ok(Message::Response(response)) if response.status() == StatusCode::new(503).unwrap() => {
                    wanted(&response)
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(read("120"), Some(seconds(120)));
        assert_eq!(read("18 (in a meeting);duration=3600"), Some(seconds(18)));
        assert_eq!(read("0"), Some(seconds(1)));
        assert_eq!(read("99999999999999999999999"), Some(seconds(MAX_RETRY_AFTER)));
        assert_eq!(read("soon"), None);
    }
}
