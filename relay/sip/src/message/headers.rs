//! The header lines of a message, kept as the bytes they came in.

use std::fmt;

use bytes::Bytes;

use super::{BuildError, HeaderName, grammar};

/// The headers of a message, in their order. Each is a slice of the buffer the message was read
/// from; values are typed on demand (see the methods named after the headers).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

/// One header line. A line nobody touches is written again byte by byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: HeaderName,
    /// The whole line with its folds, without the final line break.
    line: Bytes,
    /// Where the trimmed value begins and ends in `line`.
    value: (usize, usize),
}

impl Header {
    /// A header of one's own making.
    ///
    /// # Errors
    /// A name that is no token; a line break or NUL in the value.
    pub fn new(name: HeaderName, value: &impl fmt::Display) -> Result<Self, BuildError> {
        if !grammar::is_token(name.as_bytes()) {
            return Err(BuildError::HeaderName);
        }
        let value = value.to_string();
        if value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(BuildError::HeaderValue(name));
        }
        Ok(Self::from_clean_value(name, value.as_bytes()))
    }

    /// Reads a line without its final line break.
    pub(super) fn from_line(line: Bytes) -> Self {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Self::malformed(line);
        };
        let raw_name = line.get(..colon).unwrap_or_default();
        let name = HeaderName::parse(&line.slice(..grammar::trim_end(raw_name).len()));
        if name == HeaderName::Malformed {
            return Self::malformed(line);
        }
        let start = colon.saturating_add(1);
        let rest = line.get(start..).unwrap_or_default();
        let begin = line.len().saturating_sub(grammar::trim_start(rest).len());
        let end = begin.saturating_add(grammar::trim(rest).len());
        Self { name, line, value: (begin, end) }
    }

    fn malformed(line: Bytes) -> Self {
        let value = (0, line.len());
        Self { name: HeaderName::Malformed, line, value }
    }

    fn from_clean_value(name: HeaderName, value: &[u8]) -> Self {
        let line = [name.as_bytes(), b": ", value].concat();
        let begin = line.len().saturating_sub(value.len());
        let trimmed = grammar::trim(value).len();
        let skipped = value.len().saturating_sub(grammar::trim_start(value).len());
        let begin = begin.saturating_add(skipped);
        Self { name, value: (begin, begin.saturating_add(trimmed)), line: line.into() }
    }

    /// The same header for another message: on one line, under its long name, without a stray
    /// line break that a peer might take for the end of the header.
    pub(super) fn to_clean(&self) -> Self {
        Self::from_clean_value(self.name.clone(), &grammar::unfold(self.value()))
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The value as it came, folds included, white space around it trimmed.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.line.get(self.value.0..self.value.1).unwrap_or_default()
    }

    /// The value for people: unfolded, bytes that are not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        grammar::lossy(&grammar::unfold(self.value()))
    }

    /// The same header with a parameter after its value.
    fn with_suffix(&self, suffix: &str) -> Self {
        let value = grammar::unfold(self.value());
        let value = value.strip_suffix(b";").unwrap_or(&value);
        Self::from_clean_value(self.name.clone(), &[value, suffix.as_bytes()].concat())
    }

    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }
}

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) const fn from_vec(headers: Vec<Header>) -> Self {
        Self(headers)
    }

    /// Every header in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// How many header lines there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every line of this name.
    pub fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a Header> {
        self.0.iter().filter(move |header| header.name == *name)
    }

    /// The first line of this name.
    #[must_use]
    pub fn first(&self, name: &HeaderName) -> Option<&Header> {
        self.0.iter().find(|header| header.name == *name)
    }

    /// Whether a line of this name is there.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.first(name).is_some()
    }

    /// The comma-separated values of every line of this name, in order. Commas inside quotes and
    /// angle brackets do not separate; empty values are skipped.
    pub fn list<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.all(name).flat_map(|header| grammar::split_list(header.value(), b',')).filter(|value| !value.is_empty())
    }

    /// Adds a header at the end.
    ///
    /// # Errors
    /// As [`Header::new`].
    pub fn push(&mut self, name: HeaderName, value: impl fmt::Display) -> Result<(), BuildError> {
        self.0.push(Header::new(name, &value)?);
        Ok(())
    }

    /// Adds a header line taken from another message, with whatever it says.
    pub fn push_copy(&mut self, header: &Header) {
        self.0.push(header.to_clean());
    }

    /// Puts this value in place of every line of this name, where the first of them stood.
    ///
    /// # Errors
    /// As [`Header::new`].
    pub fn set(&mut self, name: HeaderName, value: impl fmt::Display) -> Result<(), BuildError> {
        let header = Header::new(name, &value)?;
        let place = self.0.iter().position(|old| old.name == header.name);
        self.0.retain(|old| old.name != header.name);
        let place = place.unwrap_or(self.0.len()).min(self.0.len());
        self.0.insert(place, header);
        Ok(())
    }

    /// Adds a tag, known to be a token, to To.
    pub(super) fn append_tag(&mut self, tag: &str) {
        if let Some(to) = self.0.iter_mut().find(|old| old.name == HeaderName::To) {
            *to = to.with_suffix(&format!(";tag={tag}"));
        }
    }

    /// Takes every line of this name out.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|header| header.name != *name);
    }

    /// Puts `value` in place of the first value of this name, keeping the values that follow it on
    /// the same line. Empty values count as little as they do in [`Headers::list`]. Nothing happens
    /// when there is no value.
    ///
    /// # Errors
    /// As [`Header::new`].
    pub fn replace_first_value(&mut self, name: &HeaderName, value: &impl fmt::Display) -> Result<(), BuildError> {
        let first = self.0.iter().enumerate().filter(|(_, header)| header.name == *name).find_map(|(place, header)| {
            let old = grammar::unfold(header.value());
            let mut values = grammar::split_list(&old, b',').filter(|value| !value.is_empty());
            values.next()?;
            let tail = values.collect::<Vec<_>>().join(&b", "[..]);
            Some((place, (!tail.is_empty()).then(|| Header::from_clean_value(name.clone(), &tail))))
        });
        let Some((place, tail)) = first else {
            return Ok(());
        };
        let head = Header::new(name.clone(), value)?;
        self.0.splice(place..=place, std::iter::once(head).chain(tail));
        Ok(())
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl fmt::Debug for Header {
    /// Credentials and challenges are hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_secret() {
            return write!(f, "{}: ***", self.name);
        }
        write!(f, "{}: {:?}", self.name, self.text())
    }
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
