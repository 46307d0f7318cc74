use std::fmt;
use std::net::IpAddr;

use super::attribute::{Attribute, Attributes};
use super::error::SdpError;
use super::{Connection, Direction, MediaDescription, Origin, parse, write};

/// A line that calls pass on without reading: its letter and what follows the equals sign.
#[derive(Clone, PartialEq, Eq)]
pub struct OtherLine {
    /// The type letter: one of `i u e p b t r z k`.
    pub letter: char,
    /// What follows the equals sign.
    pub value: String,
}

impl fmt::Debug for OtherLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // k= is a key.
        write!(f, "{}=<redacted>", self.letter)
    }
}

/// A whole session description.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// Who made it, and which version it is.
    pub origin: Origin,
    /// Session name, `-` when there is none.
    pub name: String,
    /// Where media is received, for the sections that do not say so themselves.
    pub connection: Option<Connection>,
    /// The session's other lines in the order they came; `t=` is among them.
    pub other_lines: Vec<OtherLine>,
    /// Session attributes in order.
    pub attributes: Attributes,
    /// Media sections in order.
    pub media: Vec<MediaDescription>,
}

impl SessionDescription {
    /// An unbounded session (`t=0 0`) without media.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            name: "-".to_owned(),
            connection: None,
            other_lines: vec![OtherLine { letter: 't', value: "0 0".to_owned() }],
            attributes: Attributes::default(),
            media: Vec::new(),
        }
    }

    /// Parses a message body. Bytes that are not UTF-8 are replaced, lines may end in CRLF or LF.
    ///
    /// # Errors
    /// When a bound is exceeded or a line does not follow the grammar; the error names the line.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        parse::session(body)
    }

    /// The text to send, with CRLF line ends. There is no `Display`, lest it end up in a log.
    pub fn to_text(&self) -> String {
        write::session(self)
    }

    /// Sets the session's connection.
    #[must_use]
    pub fn with_connection(mut self, connection: Connection) -> Self {
        self.connection = Some(connection);
        self
    }

    /// Appends a session attribute.
    #[must_use]
    pub fn with_attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Appends a media section.
    #[must_use]
    pub fn with_media(mut self, media: MediaDescription) -> Self {
        self.media.push(media);
        self
    }

    /// The connection that holds for a section of this description: its own or the session's.
    pub fn connection_of<'a>(&'a self, media: &'a MediaDescription) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The literal address that holds for a section.
    pub fn ip_of(&self, media: &MediaDescription) -> Option<IpAddr> {
        self.connection_of(media)?.ip()
    }

    /// The direction that holds for a section: its own, else the session's, else both ways.
    pub fn direction_of(&self, media: &MediaDescription) -> Direction {
        media.attributes.direction().or_else(|| self.attributes.direction()).unwrap_or_default()
    }

    /// An attribute's value that holds for a section: its own or the session's. WebRTC puts
    /// `ice-ufrag`, `fingerprint` and `setup` at either level.
    pub fn value_of<'a>(&'a self, media: &'a MediaDescription, name: &str) -> Option<&'a str> {
        media.attributes.value(name).or_else(|| self.attributes.value(name))
    }

    /// Whether both say the same, apart from the version of their origin.
    pub fn same_content(&self, other: &Self) -> bool {
        self.origin.same_session(&other.origin)
            && self.name == other.name
            && self.connection == other.connection
            && self.other_lines == other.other_lines
            && self.attributes == other.attributes
            && self.media == other.media
    }
}

impl fmt::Debug for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionDescription")
            .field("origin", &self.origin)
            .field("media", &self.media)
            .finish_non_exhaustive()
    }
}
