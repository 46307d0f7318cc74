//! Header parameters: `;name=value`, `;name="quoted value"`, `;name`.

use std::fmt;

use super::Fault;
use super::grammar;

/// The parameters after a header value, in the order they stand there. Names are compared without
/// regard to case; the first of two equal names counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<Param>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Param {
    name: String,
    value: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    text: String,
    quoted: bool,
}

impl Params {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Reads what follows the first semicolon of a value. One trailing semicolon is forgiven; an
    /// empty parameter anywhere else is not.
    ///
    /// # Errors
    /// An empty parameter, a name that is no token, or a value with an open quote or a character that must be quoted.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut params = Vec::new();
        let mut parts = grammar::split_list(bytes, b';').peekable();
        while let Some(part) = parts.next() {
            if part.is_empty() {
                if parts.peek().is_none() && !params.is_empty() {
                    break;
                }
                return Err(Fault("a parameter is empty"));
            }
            params.push(Param::parse(part)?);
        }
        Ok(Self(params))
    }

    /// The value of the parameter `name`; `None` when it is not there or stands without a value.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        Some(self.find(name)?.value.as_ref()?.text.as_str())
    }

    /// Whether the parameter `name` is there, with or without a value.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Sets `name` to `value`, in its old place or at the end. A value that is no token is
    /// written as a quoted string.
    ///
    /// # Errors
    /// A name that is no token, or a value with a line break or NUL.
    pub fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), Fault> {
        if !grammar::is_token(name.as_bytes()) {
            return Err(Fault("a parameter name must be a token"));
        }
        let value = value.map(Value::new).transpose()?;
        self.put(name, value);
        Ok(())
    }

    /// As [`Params::set`], for names of ours and values known to need no quotes.
    pub(super) fn set_plain(&mut self, name: &'static str, value: impl fmt::Display) {
        let text = value.to_string();
        let quoted = false;
        self.put(name, Some(Value { text, quoted }));
    }

    /// As [`Params::set`], for names of ours and values that are quoted whatever they hold.
    pub(super) fn set_quoted(&mut self, name: &'static str, value: &str) -> Result<(), Fault> {
        let value = Value::new(value)?;
        self.put(name, Some(Value { quoted: true, ..value }));
        Ok(())
    }

    /// Takes the parameter `name` out.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|param| !param.is(name));
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|param| {
            let value = param.value.as_ref().map(|value| value.text.as_str());
            (param.name.as_str(), value)
        })
    }

    fn put(&mut self, name: &str, value: Option<Value>) {
        match self.0.iter_mut().find(|param| param.is(name)) {
            Some(param) => param.value = value,
            None => self.0.push(Param { name: name.to_owned(), value }),
        }
    }

    fn find(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|param| param.is(name))
    }
}

impl Param {
    fn parse(part: &[u8]) -> Result<Self, Fault> {
        let (name, value) = match grammar::split_once(part, b'=') {
            Some((name, value)) => (grammar::trim(name), Some(grammar::trim(value))),
            None => (part, None),
        };
        if !grammar::is_token(name) {
            return Err(Fault("a parameter name is no token"));
        }
        Ok(Self { name: grammar::lossy(name), value: value.map(Value::parse).transpose()? })
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl Value {
    fn new(text: &str) -> Result<Self, Fault> {
        if text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(Fault("a parameter value must not hold line breaks or NUL"));
        }
        Ok(Self { text: text.to_owned(), quoted: text.is_empty() || !text.bytes().all(is_unquoted) })
    }

    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.first() == Some(&b'"') {
            return match grammar::take_quoted(bytes) {
                Some((text, [])) => Ok(Self { text, quoted: true }),
                _ => Err(Fault("a quoted parameter value does not end where it should")),
            };
        }
        let forbidden = |byte: &u8| byte.is_ascii_control() || matches!(byte, b' ' | b'"' | b',' | b'<' | b'>');
        if bytes.iter().any(forbidden) {
            return Err(Fault("a parameter value holds a character that must be quoted"));
        }
        Ok(Self { text: grammar::lossy(bytes), quoted: false })
    }
}

/// What a value may hold without quotes: token, host with brackets, and the few characters URIs in
/// parameters bring along.
fn is_unquoted(byte: u8) -> bool {
    grammar::is_token_byte(byte) || matches!(byte, b'[' | b']' | b':')
}

impl fmt::Display for Params {
    /// Writes every parameter with its leading semicolon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for param in &self.0 {
            write!(f, ";{}", param.name)?;
            match &param.value {
                None => {}
                Some(value) if value.quoted => {
                    let mut quoted = String::new();
                    grammar::push_quoted(&mut quoted, &value.text);
                    write!(f, "={quoted}")?;
                }
                Some(value) => write!(f, "={}", value.text)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_without_regard_to_case() {
        let params = Params::parse(b" Tag = ab ; lr;q=\"a;b\"").unwrap();
        assert_eq!(params.value("tag"), Some("ab"));
        assert_eq!(params.value("q"), Some("a;b"));
        assert!(params.contains("LR") && params.value("lr").is_none());
        assert_eq!(params.to_string(), ";Tag=ab;lr;q=\"a;b\"");
    }

    #[test]
    fn one_trailing_semicolon_is_forgiven_two_are_not() {
        assert!(Params::parse(b"a=b;").is_ok());
        assert!(Params::parse(b"a=b;;").is_err());
        assert!(Params::parse(b"").is_err());
        assert!(Params::parse(b";a").is_err());
    }

    #[test]
    fn a_value_that_needs_quotes_gets_them() {
        let mut params = Params::new();
        params.set("text", Some("say \"hi\"; bye")).unwrap();
        params.set("received", Some("[2001:db8::1]")).unwrap();
        let written = params.to_string();
        assert_eq!(written, r#";text="say \"hi\"; bye";received=[2001:db8::1]"#);
        assert_eq!(Params::parse(&written.as_bytes()[1..]).unwrap(), params);
    }

    #[test]
    fn line_breaks_cannot_be_set() {
        let mut params = Params::new();
        assert!(params.set("a", Some("b\r\nVia: x")).is_err());
        assert!(params.set("a\r\n", None).is_err());
    }

    #[test]
    fn setting_again_keeps_the_place() {
        let mut params = Params::parse(b"a=1;b=2").unwrap();
        params.set("A", Some("3")).unwrap();
        params.remove("B");
        assert_eq!(params.to_string(), ";a=3");
    }
}
