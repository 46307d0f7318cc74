use super::attribute::Attribute;
use super::connection::Address;
use super::error::SdpError;
use super::media::MediaDescription;
use super::session::{OtherLine, SessionDescription};
use super::{Attributes, Connection, Origin};

/// Largest accepted description in bytes: what fits into the largest UDP datagram.
pub const MAX_SIZE: usize = 65_536;
/// Most lines; a browser's offer with video has some 200.
pub const MAX_LINES: usize = 2_000;
/// Most media sections.
pub const MAX_MEDIA: usize = 32;
/// Most formats of one section; a browser's video section has some 40.
pub const MAX_FORMATS: usize = 128;

/// Parses a whole description. Work is linear in the size of the body, which is bounded.
///
/// The order of lines within a section is not enforced, and `s=` and `t=` may be missing: nothing in a
/// call depends on them, and phones get them wrong.
pub(super) fn session(body: &[u8]) -> Result<SessionDescription, SdpError> {
    if body.len() > MAX_SIZE {
        return Err(SdpError::TooLarge { size: body.len() });
    }
    let text = String::from_utf8_lossy(body);
    let mut lines = Lines::new(&text);
    version(&mut lines)?;
    let mut parser = Parser::default();
    while let Some(line) = lines.next()? {
        parser.line(&line)?;
    }
    parser.finish()
}

fn version(lines: &mut Lines<'_>) -> Result<(), SdpError> {
    match lines.next()? {
        Some(Line { letter: 'v', value, .. }) if value.trim() == "0" => Ok(()),
        Some(line) => Err(line.malformed("v=0")),
        None => Err(SdpError::Missing { what: "v=" }),
    }
}

/// What has been read so far. Lines go to the last media section, or to the session before the first.
#[derive(Default)]
struct Parser {
    origin: Option<Origin>,
    name: Option<String>,
    connection: Option<Connection>,
    other_lines: Vec<OtherLine>,
    attributes: Attributes,
    media: Vec<MediaDescription>,
}

impl Parser {
    fn line(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        match (line.letter, self.media.is_empty()) {
            ('m', _) => self.media_line(line),
            ('a', _) => self.attribute(line),
            ('c', _) => self.connection(line),
            ('o', true) => self.origin(line),
            ('s', true) => self.session_name(line),
            ('i' | 'u' | 'e' | 'p' | 'b' | 't' | 'r' | 'z' | 'k', true) | ('i' | 'b' | 'k', false) => {
                self.other(line);
                Ok(())
            }
            // RFC 8866 §5: a description with a letter that is not understood is refused as a whole.
            (_, true) => Err(line.malformed("a line type of the session section")),
            (_, false) => Err(line.malformed("a line type of a media section")),
        }
    }

    fn finish(self) -> Result<SessionDescription, SdpError> {
        let origin = self.origin.ok_or(SdpError::Missing { what: "o=" })?;
        let mut other_lines = self.other_lines;
        if !other_lines.iter().any(|line| line.letter == 't') {
            other_lines.push(OtherLine { letter: 't', value: "0 0".to_owned() });
        }
        Ok(SessionDescription {
            origin,
            name: self.name.unwrap_or_else(|| "-".to_owned()),
            connection: self.connection,
            other_lines,
            attributes: self.attributes,
            media: self.media,
        })
    }

    fn origin(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        if self.origin.is_some() {
            return Err(line.malformed("only one o= line"));
        }
        let origin =
            Origin::parse(line.value).ok_or_else(|| line.malformed("o=<user> <id> <version> IN <type> <address>"))?;
        self.origin = Some(origin);
        Ok(())
    }

    fn session_name(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        if self.name.is_some() {
            return Err(line.malformed("only one s= line"));
        }
        let name = if line.value.is_empty() { "-" } else { line.value };
        self.name = Some(name.to_owned());
        Ok(())
    }

    fn connection(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        let address = Address::parse(line.value).ok_or_else(|| line.malformed("c=IN <type> <address>"))?;
        let place = match self.media.last_mut() {
            Some(media) => &mut media.connection,
            None => &mut self.connection,
        };
        // Several are for layered multicast, which telephony has not; the first counts.
        place.get_or_insert(Connection { address });
        Ok(())
    }

    fn attribute(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        let attribute = match line.value.split_once(':') {
            Some((name, value)) => Attribute::new(name.trim(), value),
            None => Attribute::flag(line.value.trim()),
        };
        if attribute.name.is_empty() {
            return Err(line.malformed("a=<name> or a=<name>:<value>"));
        }
        match self.media.last_mut() {
            Some(media) => media.attributes.push(attribute),
            None => self.attributes.push(attribute),
        }
        Ok(())
    }

    fn other(&mut self, line: &Line<'_>) {
        let other = OtherLine { letter: line.letter, value: line.value.to_owned() };
        match self.media.last_mut() {
            Some(media) => media.other_lines.push(other),
            None => self.other_lines.push(other),
        }
    }

    fn media_line(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        if self.media.len() >= MAX_MEDIA {
            return Err(SdpError::TooManyMedia { line: line.number });
        }
        let mut words = line.value.split_ascii_whitespace();
        let (Some(media), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
            return Err(line.malformed("m=<media> <port> <protocol> <formats>"));
        };
        let (port, port_count) = ports(port).ok_or_else(|| line.malformed("a port from 0 to 65535"))?;
        let formats: Vec<_> = words.take(MAX_FORMATS + 1).map(str::to_owned).collect();
        if formats.len() > MAX_FORMATS {
            return Err(SdpError::TooManyFormats { line: line.number });
        }
        let mut section = MediaDescription::new(media, port, protocol);
        section.port_count = port_count;
        section.formats = formats;
        self.media.push(section);
        Ok(())
    }
}

fn ports(text: &str) -> Option<(u16, Option<u16>)> {
    match text.split_once('/') {
        Some((port, count)) => Some((port.parse().ok()?, Some(count.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

struct Line<'a> {
    number: usize,
    letter: char,
    value: &'a str,
}

impl Line<'_> {
    fn malformed(&self, expected: &'static str) -> SdpError {
        SdpError::Malformed { line: self.number, expected }
    }
}

/// Splits the text into lines, skipping empty ones.
struct Lines<'a> {
    lines: std::str::Split<'a, char>,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { lines: text.split('\n'), number: 0 }
    }

    fn next(&mut self) -> Result<Option<Line<'a>>, SdpError> {
        for raw in self.lines.by_ref() {
            self.number = self.number.saturating_add(1);
            let line = raw.strip_suffix('\r').unwrap_or(raw);
            if line.is_empty() {
                continue;
            }
            if self.number > MAX_LINES {
                return Err(SdpError::TooManyLines { line: self.number });
            }
            return split(line, self.number).map(Some);
        }
        Ok(None)
    }
}

fn split(line: &str, number: usize) -> Result<Line<'_>, SdpError> {
    let malformed = |expected| SdpError::Malformed { line: number, expected };
    if line.contains(['\0', '\r']) {
        return Err(malformed("no control characters"));
    }
    let (letter, value) = line.split_once('=').ok_or_else(|| malformed("<letter>=<value>"))?;
    let mut letters = letter.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(Line { number, letter, value }),
        _ => Err(malformed("<letter>=<value>")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE_OFFER: &str = "v=0\r\no=alice 2890844526 2890844527 IN IP4 host.example.com\r\n\
        s=call\r\ni=info\r\nc=IN IP4 192.0.2.7\r\nb=AS:64\r\nt=0 0\r\na=x-unknown:kept\r\n\
        m=audio 49170 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
        a=ptime:20\r\na=odd\r\nm=video 51372 RTP/AVP 31\r\nc=IN IP6 2001:db8::9\r\na=sendonly\r\n";

    fn parse(text: &str) -> Result<SessionDescription, SdpError> {
        session(text.as_bytes())
    }

    #[test]
    fn a_phones_description_survives_a_round_trip_word_for_word() {
        assert_eq!(parse(PHONE_OFFER).unwrap().to_text(), PHONE_OFFER);
    }

    #[test]
    fn a_browsers_description_survives_a_round_trip() {
        let text = include_str!("testdata/browser-offer.sdp");
        let written = parse(text).unwrap().to_text();
        assert_eq!(written.replace("\r\n", "\n"), text);
    }

    #[test]
    fn attributes_of_the_session_hold_for_every_section() {
        let description = parse(include_str!("testdata/browser-offer.sdp")).unwrap();
        assert_eq!(description.value_of(&description.media[1], "ice-options"), Some("trickle"));
        assert_eq!(description.value_of(&description.media[0], "ice-ufrag"), Some("Kx3f"));
    }

    #[test]
    fn sections_inherit_connection_and_direction_from_the_session() {
        let description = parse(PHONE_OFFER).unwrap();
        let [audio, video] = &description.media[..] else {
            panic!("two sections");
        };
        assert_eq!(description.ip_of(audio), Some("192.0.2.7".parse().unwrap()));
        assert_eq!(description.ip_of(video), Some("2001:db8::9".parse().unwrap()));
        assert_eq!(description.direction_of(audio).as_str(), "sendrecv");
        assert_eq!(description.direction_of(video).as_str(), "sendonly");
    }

    #[test]
    fn bare_line_feeds_blank_lines_and_a_missing_last_line_end_are_accepted() {
        let text = "v=0\no=- 1 1 IN IP4 192.0.2.7\n\nc=IN IP4 192.0.2.7\nm=audio 4000 RTP/AVP 0";
        let description = parse(text).unwrap();
        assert_eq!(description.media[0].formats, ["0"]);
        assert_eq!(description.name, "-");
    }

    #[test]
    fn bytes_that_are_not_text_do_not_spoil_the_rest() {
        let body = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=\xff\xfe\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        assert_eq!(session(body).unwrap().media.len(), 1);
    }

    #[test]
    fn errors_name_the_line() {
        let cases = [
            ("v=1\r\n", 1),
            ("hello", 1),
            ("v=0\r\no=broken\r\n", 2),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nq=what\r\n", 3),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\no=- 1 1 IN IP4 192.0.2.7\r\n", 3),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nm=audio 70000 RTP/AVP 0\r\n", 3),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nm=audio\r\n", 3),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nc=IN IP4\r\n", 3),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n\r\na=:x\r\n", 4),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\na=x\0y\r\n", 3),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nm=audio 1 RTP/AVP 0\r\nt=0 0\r\n", 4),
        ];
        for (text, expected) in cases {
            match parse(text) {
                Err(SdpError::Malformed { line, .. }) => assert_eq!(line, expected, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_empty_body_and_a_missing_origin_are_refused() {
        assert_eq!(parse(""), Err(SdpError::Missing { what: "v=" }));
        assert_eq!(parse("v=0\r\ns=-\r\n"), Err(SdpError::Missing { what: "o=" }));
    }

    #[test]
    fn every_bound_holds() {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n";
        let huge = format!("{head}s={}\r\n", "x".repeat(MAX_SIZE));
        assert!(matches!(parse(&huge), Err(SdpError::TooLarge { .. })));
        let lines = format!("{head}{}", "a=x\r\n".repeat(MAX_LINES));
        assert!(matches!(parse(&lines), Err(SdpError::TooManyLines { line: 2001 })));
        let media = format!("{head}{}", "m=audio 0 RTP/AVP 0\r\n".repeat(MAX_MEDIA + 1));
        assert!(matches!(parse(&media), Err(SdpError::TooManyMedia { line: 35 })));
        let formats = format!("{head}m=audio 0 RTP/AVP{}\r\n", " 0".repeat(MAX_FORMATS + 1));
        assert!(matches!(parse(&formats), Err(SdpError::TooManyFormats { line: 3 })));
    }
}
