//! Names of header fields, with their compact forms.

use std::fmt;
use std::hash::{Hash, Hasher};

use bytes::Bytes;

use super::grammar;

/// Longer than any name in the table below; longer names are unknown without looking.
const LONGEST: usize = 24;

macro_rules! names {
    ($($variant:ident = $text:literal $lower:literal $(compact $compact:literal)?,)*) => {
        /// The name of a header field. Names are compared without regard to case, and a compact
        /// form (RFC 3261 section 7.3.3) is the same name as its long form.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum HeaderName {
            $(
                #[doc = concat!("`", $text, "`")]
                $variant,
            )*
            /// A name without an entry here, as it was written.
            Other(Bytes),
            /// A line that is no header: without a colon, or whose name is no token. It is kept,
            /// and makes the message a bad request.
            Malformed,
        }

        impl HeaderName {
            /// The long form of a name this crate knows; `None` for others.
            const fn known(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($text),)*
                    Self::Other(_) | Self::Malformed => None,
                }
            }

            fn lookup(lower: &[u8]) -> Option<Self> {
                match lower {
                    $($lower $(| $compact)? => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    Accept = "Accept" b"accept",
    AcceptContact = "Accept-Contact" b"accept-contact" compact b"a",
    AcceptEncoding = "Accept-Encoding" b"accept-encoding",
    AcceptLanguage = "Accept-Language" b"accept-language",
    AlertInfo = "Alert-Info" b"alert-info",
    Allow = "Allow" b"allow",
    AllowEvents = "Allow-Events" b"allow-events" compact b"u",
    AuthenticationInfo = "Authentication-Info" b"authentication-info",
    Authorization = "Authorization" b"authorization",
    CallId = "Call-ID" b"call-id" compact b"i",
    CallInfo = "Call-Info" b"call-info",
    Contact = "Contact" b"contact" compact b"m",
    ContentDisposition = "Content-Disposition" b"content-disposition",
    ContentEncoding = "Content-Encoding" b"content-encoding" compact b"e",
    ContentLanguage = "Content-Language" b"content-language",
    ContentLength = "Content-Length" b"content-length" compact b"l",
    ContentType = "Content-Type" b"content-type" compact b"c",
    CSeq = "CSeq" b"cseq",
    Date = "Date" b"date",
    Diversion = "Diversion" b"diversion",
    ErrorInfo = "Error-Info" b"error-info",
    Event = "Event" b"event" compact b"o",
    Expires = "Expires" b"expires",
    From = "From" b"from" compact b"f",
    HistoryInfo = "History-Info" b"history-info",
    Identity = "Identity" b"identity" compact b"y",
    InReplyTo = "In-Reply-To" b"in-reply-to",
    Join = "Join" b"join",
    MaxForwards = "Max-Forwards" b"max-forwards",
    MimeVersion = "MIME-Version" b"mime-version",
    MinExpires = "Min-Expires" b"min-expires",
    MinSe = "Min-SE" b"min-se",
    Organization = "Organization" b"organization",
    PAssertedIdentity = "P-Asserted-Identity" b"p-asserted-identity",
    PPreferredIdentity = "P-Preferred-Identity" b"p-preferred-identity",
    Path = "Path" b"path",
    Priority = "Priority" b"priority",
    Privacy = "Privacy" b"privacy",
    ProxyAuthenticate = "Proxy-Authenticate" b"proxy-authenticate",
    ProxyAuthorization = "Proxy-Authorization" b"proxy-authorization",
    ProxyRequire = "Proxy-Require" b"proxy-require",
    RAck = "RAck" b"rack",
    Reason = "Reason" b"reason",
    RecordRoute = "Record-Route" b"record-route",
    ReferSub = "Refer-Sub" b"refer-sub",
    ReferTo = "Refer-To" b"refer-to" compact b"r",
    ReferredBy = "Referred-By" b"referred-by" compact b"b",
    RemotePartyId = "Remote-Party-ID" b"remote-party-id",
    Replaces = "Replaces" b"replaces",
    ReplyTo = "Reply-To" b"reply-to",
    Require = "Require" b"require",
    RetryAfter = "Retry-After" b"retry-after",
    Route = "Route" b"route",
    RSeq = "RSeq" b"rseq",
    Server = "Server" b"server",
    ServiceRoute = "Service-Route" b"service-route",
    SessionExpires = "Session-Expires" b"session-expires" compact b"x",
    Subject = "Subject" b"subject" compact b"s",
    SubscriptionState = "Subscription-State" b"subscription-state",
    Supported = "Supported" b"supported" compact b"k",
    TargetDialog = "Target-Dialog" b"target-dialog",
    Timestamp = "Timestamp" b"timestamp",
    To = "To" b"to" compact b"t",
    Unsupported = "Unsupported" b"unsupported",
    UserAgent = "User-Agent" b"user-agent",
    Via = "Via" b"via" compact b"v",
    Warning = "Warning" b"warning",
    WwwAuthenticate = "WWW-Authenticate" b"www-authenticate",
}

impl HeaderName {
    /// Reads a name, long or compact, in any case. What is no token becomes
    /// [`HeaderName::Malformed`].
    #[must_use]
    pub fn parse(name: &Bytes) -> Self {
        let mut buffer = [0_u8; LONGEST];
        if let Some(lower) = buffer.get_mut(..name.len()) {
            lower.copy_from_slice(name);
            lower.make_ascii_lowercase();
            if let Some(known) = Self::lookup(lower) {
                return known;
            }
        }
        if grammar::is_token(name) { Self::Other(name.clone()) } else { Self::Malformed }
    }

    /// The name as it is written: the long form of a known name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Other(name) => name,
            _ => self.known().unwrap_or_default().as_bytes(),
        }
    }

    /// Whether values of this header may carry credentials and must not be shown. What a line that is no header
    /// carries nobody knows.
    pub(crate) const fn is_secret(&self) -> bool {
        matches!(
            self,
            Self::Authorization
                | Self::ProxyAuthorization
                | Self::WwwAuthenticate
                | Self::ProxyAuthenticate
                | Self::AuthenticationInfo
                | Self::Malformed
        )
    }
}

impl From<&'static str> for HeaderName {
    fn from(name: &'static str) -> Self {
        Self::parse(&Bytes::from_static(name.as_bytes()))
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(a), Self::Other(b)) => a.eq_ignore_ascii_case(b),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        if let Self::Other(name) = self {
            name.to_ascii_lowercase().hash(state);
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(name) => f.write_str(&String::from_utf8_lossy(name)),
            Self::Malformed => f.write_str("(malformed line)"),
            _ => f.write_str(self.known().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_compact_form_do_not_matter() {
        for name in ["Via", "VIA", "vIa", "v", "V"] {
            assert_eq!(HeaderName::from(name), HeaderName::Via, "{name}");
        }
        assert_eq!(HeaderName::from("X-foo"), HeaderName::from("x-FOO"));
    }

    #[test]
    fn every_known_name_reads_back_as_itself() {
        for name in ["Call-ID", "P-Preferred-Identity", "WWW-Authenticate", "RAck"] {
            assert_eq!(HeaderName::from(name).as_bytes(), name.as_bytes());
        }
    }

    #[test]
    fn an_escaped_name_is_another_name() {
        assert_eq!(HeaderName::from("C%6Fntact"), HeaderName::Other(Bytes::from_static(b"C%6Fntact")));
    }

    #[test]
    fn a_name_that_is_no_token_is_malformed() {
        assert_eq!(HeaderName::from("a b"), HeaderName::Malformed);
        assert_eq!(HeaderName::from(""), HeaderName::Malformed);
    }
}
