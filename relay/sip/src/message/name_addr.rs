//! `name-addr` and `addr-spec` with header parameters: From, To, Contact, Route and their kin
//! (RFC 3261 section 20.10).

use std::fmt;
use std::str::FromStr;

use super::{Fault, Params, Uri, grammar};

/// A display name, a URI, and the header's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The name shown to people, without quotes and escapes.
    pub display_name: Option<String>,
    /// The address.
    pub uri: Uri,
    /// The parameters of the header (not those inside the URI).
    pub params: Params,
}

/// One value of a Contact header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// `*`: every binding, in a REGISTER with `Expires: 0`.
    Star,
    /// An address.
    Addr(NameAddr),
}

impl NameAddr {
    /// An address without display name and parameters.
    #[must_use]
    pub fn new(uri: impl Into<Uri>) -> Self {
        Self { display_name: None, uri: uri.into(), params: Params::new() }
    }

    /// The same address with a display name. Control characters in it become spaces, since no
    /// telephone can show them and a line break must not reach a header.
    #[must_use]
    pub fn with_display_name(mut self, name: &str) -> Self {
        let clean = |character: char| match character.is_control() {
            true => ' ',
            false => character,
        };
        self.display_name = Some(name.chars().map(clean).collect());
        self
    }

    /// The same address with this tag.
    ///
    /// # Errors
    /// A tag that is no token.
    pub fn with_tag(mut self, tag: &str) -> Result<Self, Fault> {
        if !grammar::is_token(tag.as_bytes()) {
            return Err(Fault("a tag must be a token"));
        }
        self.params.set_plain("tag", tag);
        Ok(self)
    }

    /// The `tag` parameter of From and To.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.value("tag")
    }

    /// Reads one value.
    ///
    /// Without angle brackets, parameters belong to the header, and a URI with a `?` is refused:
    /// RFC 3261 section 20 wants brackets around it.
    ///
    /// # Errors
    /// An open quote or bracket, a display name that must be quoted, or a URI that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = grammar::trim(bytes);
        match grammar::find_outside_quotes(bytes, |byte| matches!(byte, b'<' | b';')) {
            Some(at) if bytes.get(at) == Some(&b'<') => Self::parse_bracketed(bytes, at),
            Some(at) => Self::parse_bare(bytes.get(..at).unwrap_or_default(), bytes.get(at.saturating_add(1)..)),
            None => Self::parse_bare(bytes, None),
        }
    }

    fn parse_bracketed(bytes: &[u8], open: usize) -> Result<Self, Fault> {
        let (name, rest) = bytes.split_at_checked(open).unwrap_or_default();
        let inner = rest.strip_prefix(b"<").unwrap_or(rest);
        let (uri, tail) = grammar::split_once(inner, b'>').ok_or(Fault("an angle bracket is not closed"))?;
        let params = match grammar::trim(tail) {
            [] => Params::new(),
            [b';', params @ ..] => Params::parse(params)?,
            _ => return Err(Fault("something stands after the closing angle bracket")),
        };
        Ok(Self {
            display_name: parse_display_name(grammar::trim(name))?,
            uri: Uri::parse(grammar::trim(uri))?,
            params,
        })
    }

    fn parse_bare(uri: &[u8], params: Option<&[u8]>) -> Result<Self, Fault> {
        let uri = grammar::trim(uri);
        if uri.contains(&b'?') {
            return Err(Fault("a URI with headers must stand in angle brackets"));
        }
        Ok(Self {
            display_name: None,
            uri: Uri::parse(uri)?,
            params: params.map_or_else(|| Ok(Params::new()), Params::parse)?,
        })
    }
}

/// A quoted string, or words. Words are read generously (any script, most punctuation), but not
/// the separators of a list, which would make it a guess where the value begins.
fn parse_display_name(name: &[u8]) -> Result<Option<String>, Fault> {
    if name.is_empty() {
        return Ok(None);
    }
    if name.first() == Some(&b'"') {
        return match grammar::take_quoted(name) {
            Some((text, rest)) if grammar::trim(rest).is_empty() => Ok(Some(text)),
            _ => Err(Fault("a quote in the display name is not closed")),
        };
    }
    if name.iter().any(|byte| matches!(byte, b',' | b';' | b'"' | b':' | b'>')) {
        return Err(Fault("the display name must be quoted"));
    }
    Ok(Some(grammar::lossy(&grammar::unfold(name))))
}

impl Contact {
    /// Reads one value of a Contact header.
    ///
    /// # Errors
    /// As [`NameAddr::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        match grammar::trim(bytes) {
            b"*" => Ok(Self::Star),
            value => NameAddr::parse(value).map(Self::Addr),
        }
    }

    /// The address, unless it is `*`.
    #[must_use]
    pub const fn addr(&self) -> Option<&NameAddr> {
        match self {
            Self::Star => None,
            Self::Addr(addr) => Some(addr),
        }
    }
}

impl FromStr for NameAddr {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for NameAddr {
    /// Always with angle brackets, and the display name always quoted: the form every peer reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.display_name {
            let mut quoted = String::with_capacity(name.len());
            grammar::push_quoted(&mut quoted, name);
            write!(f, "{quoted} ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Star => f.write_str("*"),
            Self::Addr(addr) => addr.fmt(f),
        }
    }
}

#[cfg(test)]
#[path = "name_addr_tests.rs"]
mod tests;
