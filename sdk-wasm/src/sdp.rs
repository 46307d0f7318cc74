//! The little the SDK needs to know of a session description (RFC 8866).

use crate::text::{cut, head};

/// Whether it has a video section that is not refused.
pub fn has_video(sdp: &str) -> bool {
    sdp.lines().any(|line| line.starts_with("m=video ") && !line.starts_with("m=video 0 "))
}

/// Takes codecs out of every media section: their payload types, and the attributes that speak of them. `unwanted` is
/// asked about each codec as `a=rtpmap` has it, such as `opus/48000/2`.
///
/// `None` when a section would have no codec left but telephone events and comfort noise.
pub fn strip_codecs(sdp: &str, unwanted: impl Fn(&str) -> bool) -> Option<String> {
    let mut result = String::with_capacity(sdp.len());
    for section in sections(sdp) {
        strip_section(&section, &unwanted, &mut result)?;
    }
    Some(result)
}

/// The lines before the first `m=`, then those of each media section.
fn sections(sdp: &str) -> Vec<Vec<&str>> {
    let mut sections = vec![Vec::new()];
    for line in sdp.lines() {
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push(line);
        }
    }
    sections
}

fn strip_section(section: &[&str], unwanted: &dyn Fn(&str) -> bool, result: &mut String) -> Option<()> {
    let gone = stripped_payloads(section, unwanted);
    for line in section {
        match media_payloads(line) {
            Some((head, payloads)) => {
                let kept: Vec<_> = payloads.filter(|payload| !gone.contains(payload)).collect();
                if !kept.iter().any(|payload| carries_media(section, payload)) {
                    return None;
                }
                result.push_str(head);
                for payload in kept {
                    result.push(' ');
                    result.push_str(payload);
                }
            }
            None if attribute_payload(line).is_some_and(|payload| gone.contains(&payload)) => continue,
            None => result.push_str(line),
        }
        result.push_str("\r\n");
    }
    Some(())
}

/// Payload types of unwanted codecs, and of the retransmissions (RFC 4588) and redundancy (RFC 2198) that carry them.
fn stripped_payloads<'a>(section: &[&'a str], unwanted: &dyn Fn(&str) -> bool) -> Vec<&'a str> {
    let codecs = section.iter().filter_map(|line| mapping(line));
    let mut gone: Vec<_> = codecs.filter(|(_, codec)| unwanted(codec)).map(|(payload, _)| payload).collect();
    for line in section {
        if let Some((payload, carried)) = carried_payload(line)
            && gone.contains(&carried)
        {
            gone.push(payload);
        }
    }
    gone
}

/// The payload type of an `a=fmtp:97 apt=96` or `a=fmtp:63 111/111`, and the one it carries.
fn carried_payload(line: &str) -> Option<(&str, &str)> {
    let (payload, parameters) = cut(line.strip_prefix("a=fmtp:")?, b' ')?;
    let carried = parameters.strip_prefix("apt=").unwrap_or(parameters);
    Some((payload, head(head(carried, b'/'), b';')))
}

/// `m=audio 9 UDP/TLS/RTP/SAVPF` and the payload types after it.
fn media_payloads(line: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    if !line.starts_with("m=audio ") && !line.starts_with("m=video ") {
        return None;
    }
    let (index, _) = line.bytes().enumerate().filter(|(_, byte)| *byte == b' ').nth(2)?;
    let (head, payloads) = line.split_at_checked(index)?;
    Some((head, payloads.split_ascii_whitespace()))
}

/// The payload type of an `a=rtpmap`, and the codec with its clock rate and channels.
fn mapping(line: &str) -> Option<(&str, &str)> {
    cut(line.strip_prefix("a=rtpmap:")?, b' ')
}

/// The payload type an `a=rtpmap`, `a=fmtp` or `a=rtcp-fb` speaks of.
fn attribute_payload(line: &str) -> Option<&str> {
    let rest = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().find_map(|name| line.strip_prefix(name))?;
    Some(head(rest, b' '))
}

/// Whether that payload type is a codec of its own. Static types (RFC 3551) may have no `a=rtpmap`.
fn carries_media(section: &[&str], payload: &str) -> bool {
    let mut mappings = section.iter().filter_map(|line| mapping(line));
    let codec = mappings.find(|(mapped, _)| *mapped == payload).map(|(_, codec)| codec);
    !matches!(codec.map(|codec| head(codec, b'/')), Some("telephone-event" | "CN" | "rtx" | "red" | "ulpfec"))
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 126\r\n\
        a=rtpmap:111 opus/48000/2\r\n\
        a=rtcp-fb:111 transport-cc\r\n\
        a=fmtp:111 minptime=10;useinbandfec=1\r\n\
        a=rtpmap:63 red/48000/2\r\n\
        a=fmtp:63 111/111\r\n\
        a=rtpmap:9 G722/8000\r\n\
        a=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:8 PCMA/8000\r\n\
        a=rtpmap:126 telephone-event/8000\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n\
        a=rtpmap:96 VP8/90000\r\n\
        a=rtpmap:97 rtx/90000\r\n\
        a=fmtp:97 apt=96\r\n";

    fn strip(names: &[&str]) -> Option<String> {
        strip_codecs(OFFER, |codec| names.iter().any(|name| codec.starts_with(name)))
    }

    #[test]
    fn without_unwanted_codecs_nothing_is_touched() {
        assert_eq!(strip(&[]).unwrap(), OFFER);
    }

    #[test]
    fn an_unknown_codec_changes_nothing() {
        assert_eq!(strip(&["SILK"]).unwrap(), OFFER);
    }

    #[test]
    fn a_codec_goes_with_all_that_speaks_of_it() {
        let stripped = strip(&["G722"]).unwrap();
        assert!(stripped.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8 126\r\n"));
        assert!(!stripped.contains("G722"));
    }

    #[test]
    fn redundancy_goes_with_its_codec() {
        let stripped = strip(&["opus/48000/2"]).unwrap();
        assert!(stripped.contains("m=audio 9 UDP/TLS/RTP/SAVPF 9 0 8 126\r\n"));
        for gone in [":111 ", ":63 "] {
            assert!(!stripped.contains(gone));
        }
    }

    #[test]
    fn stripping_every_voice_codec_leaves_nothing() {
        assert_eq!(strip(&["opus", "G722", "PCMU", "PCMA"]), None);
    }

    #[test]
    fn stripping_the_only_video_codec_leaves_nothing() {
        assert_eq!(strip(&["VP8"]), None);
    }

    #[test]
    fn a_refused_video_section_is_no_video() {
        assert!(has_video(OFFER));
        assert!(!has_video("v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\n"));
        assert!(!has_video(""));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(sdp in "(m=audio |a=fmtp:|a=rtpmap:|[ -~]{0,9}|\r\n){0,40}", name in "[a-z]{1,3}") {
            let _stripped = strip_codecs(&sdp, |codec| codec.starts_with(&name));
        }
    }
}
