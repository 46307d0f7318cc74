//! Request methods.

use std::fmt;

use super::grammar;

macro_rules! methods {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// A request method. Method names are case-sensitive (RFC 3261 section 7.1).
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Method {
            $($(#[$doc])* $variant,)*
            /// A method this crate has no name for, kept as it was written.
            Other(Box<str>),
        }

        impl Method {
            /// Reads a method name; `None` when it is no token.
            #[must_use]
            pub fn parse(bytes: &[u8]) -> Option<Self> {
                $(if bytes == $text.as_bytes() {
                    return Some(Self::$variant);
                })*
                grammar::is_token(bytes).then(|| Self::Other(grammar::lossy(bytes).into()))
            }

            /// The name as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(name) => name,
                }
            }
        }
    };
}

methods! {
    /// Begins or changes a session (RFC 3261 section 13).
    Invite = "INVITE",
    /// Confirms a final response to INVITE (RFC 3261 section 13.2.2.4).
    Ack = "ACK",
    /// Ends a session (RFC 3261 section 15).
    Bye = "BYE",
    /// Gives up a pending request (RFC 3261 section 9).
    Cancel = "CANCEL",
    /// Asks for capabilities (RFC 3261 section 11).
    Options = "OPTIONS",
    /// Binds an address of record to a contact (RFC 3261 section 10).
    Register = "REGISTER",
    /// Confirms a provisional response (RFC 3262).
    Prack = "PRACK",
    /// Changes a session before it is established (RFC 3311).
    Update = "UPDATE",
    /// Carries application data in a dialog (RFC 6086).
    Info = "INFO",
    /// Asks the peer to contact a third party (RFC 3515).
    Refer = "REFER",
    /// Subscribes to an event (RFC 6665).
    Subscribe = "SUBSCRIBE",
    /// Reports an event (RFC 6665).
    Notify = "NOTIFY",
    /// Publishes event state (RFC 3903).
    Publish = "PUBLISH",
    /// An instant message (RFC 3428).
    Message = "MESSAGE",
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_sensitive() {
        assert_eq!(Method::parse(b"INVITE"), Some(Method::Invite));
        assert_eq!(Method::parse(b"invite"), Some(Method::Other("invite".into())));
    }

    #[test]
    fn a_percent_escape_is_not_decoded() {
        let method = Method::parse(b"RE%47IST%45R").unwrap();
        assert_ne!(method, Method::Register);
        assert_eq!(method.as_str(), "RE%47IST%45R");
    }

    #[test]
    fn what_is_no_token_is_no_method() {
        assert_eq!(Method::parse(b""), None);
        assert_eq!(Method::parse(b"IN VITE"), None);
        assert_eq!(Method::parse("INVIT\u{c9}".as_bytes()), None);
    }
}
