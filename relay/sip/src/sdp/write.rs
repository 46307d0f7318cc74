use std::fmt::Display;

use super::attribute::Attribute;
use super::media::MediaDescription;
use super::session::{OtherLine, SessionDescription};

/// Writes the lines in the order RFC 8866 §5 demands.
pub(super) fn session(session: &SessionDescription) -> String {
    let mut text = Text::default();
    text.line('v', "0");
    text.line('o', &session.origin);
    text.line('s', &session.name);
    text.other_lines(&session.other_lines, "iuep");
    if let Some(connection) = &session.connection {
        text.line('c', &connection.address);
    }
    text.other_lines(&session.other_lines, "b");
    // A repetition belongs to the time before it, so these two keep their mutual order.
    text.other_lines(&session.other_lines, "tr");
    text.other_lines(&session.other_lines, "zk");
    text.attributes(session.attributes.iter());
    for media in &session.media {
        text.media(media);
    }
    text.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn media(&mut self, media: &MediaDescription) {
        let mut line = format!("{} {}", media.media, media.port);
        if let Some(count) = media.port_count {
            line.push_str(&format!("/{count}"));
        }
        line.push(' ');
        line.push_str(&media.protocol);
        for format in &media.formats {
            line.push(' ');
            line.push_str(format);
        }
        self.line('m', line);
        self.other_lines(&media.other_lines, "i");
        if let Some(connection) = &media.connection {
            self.line('c', &connection.address);
        }
        self.other_lines(&media.other_lines, "bk");
        self.attributes(media.attributes.iter());
    }

    fn attributes<'a>(&mut self, attributes: impl Iterator<Item = &'a Attribute>) {
        for Attribute { name, value } in attributes {
            match value {
                Some(value) => self.line('a', format!("{name}:{value}")),
                None => self.line('a', name),
            }
        }
    }

    fn other_lines(&mut self, lines: &[OtherLine], letters: &str) {
        for line in lines.iter().filter(|line| letters.contains(line.letter)) {
            self.line(line.letter, &line.value);
        }
    }

    fn line(&mut self, letter: char, value: impl Display) {
        self.0.push(letter);
        self.0.push('=');
        // A value with a line break would smuggle in a line of its own.
        let value = value.to_string();
        self.0.extend(value.chars().map(|c| if matches!(c, '\r' | '\n' | '\0') { ' ' } else { c }));
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::{Connection, Direction, Origin, RtpMap};

    #[test]
    fn a_built_description_is_written_in_the_order_of_the_grammar() {
        let ip = "192.0.2.7".parse().unwrap();
        let audio = MediaDescription::new("audio", 4000, "RTP/AVP")
            .with_rtp_format(&RtpMap::new(0, "PCMU", 8000), None)
            .with_direction(Direction::SendOnly);
        let description =
            SessionDescription::new(Origin::new(7, 1, ip)).with_connection(Connection::new(ip)).with_media(audio);
        assert_eq!(
            description.to_text(),
            "v=0\r\no=- 7 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
             m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendonly\r\n"
        );
    }

    #[test]
    fn line_breaks_in_values_cannot_add_lines() {
        let mut description = SessionDescription::new(Origin::default());
        description.name = "x\r\na=injected".to_owned();
        let text = description.to_text();
        assert!(text.contains("s=x  a=injected\r\n"));
        let parsed = SessionDescription::parse(text.as_bytes()).unwrap();
        assert!(parsed.attributes.is_empty());
    }
}
