//! Headers read as their types.

use super::{
    CSeq, CallId, Contact, Event, Fault, HeaderError, HeaderName, Headers, MediaType, Method, NameAddr, RAck, Reason,
    ReferTo, Replaces, SessionExpires, SubscriptionState, Via, grammar, rack,
};

impl Headers {
    /// Every Via value, the nearest hop first.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via, HeaderError>> {
        self.typed_list(&HeaderName::Via, Via::parse)
    }

    /// The first Via value.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn top_via(&self) -> Result<Via, HeaderError> {
        self.vias().next().unwrap_or(Err(HeaderError::Missing(HeaderName::Via)))
    }

    /// From.
    ///
    /// # Errors
    /// Missing, twice, or malformed.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        self.single(&HeaderName::From, NameAddr::parse)
    }

    /// To.
    ///
    /// # Errors
    /// Missing, twice, or malformed.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        self.single(&HeaderName::To, NameAddr::parse)
    }

    /// Call-ID.
    ///
    /// # Errors
    /// Missing, twice, or malformed.
    pub fn call_id(&self) -> Result<CallId, HeaderError> {
        self.single(&HeaderName::CallId, CallId::parse)
    }

    /// CSeq.
    ///
    /// # Errors
    /// Missing, twice, or malformed.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        self.single(&HeaderName::CSeq, CSeq::parse)
    }

    /// Max-Forwards, 0 to 255; `None` when it is not there.
    ///
    /// # Errors
    /// Twice, or not a number up to 255.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        self.optional(&HeaderName::MaxForwards, |value| {
            grammar::decimal(value)
                .and_then(|hops| u8::try_from(hops).ok())
                .ok_or(Fault("it is not a number from 0 to 255"))
        })
    }

    /// Every Contact value.
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact, HeaderError>> {
        self.typed_list(&HeaderName::Contact, Contact::parse)
    }

    /// The first Contact address, which is the remote target of a dialog.
    ///
    /// # Errors
    /// Malformed.
    pub fn contact(&self) -> Result<Option<NameAddr>, HeaderError> {
        match self.contacts().next().transpose()? {
            Some(Contact::Addr(addr)) => Ok(Some(addr)),
            Some(Contact::Star) | None => Ok(None),
        }
    }

    /// Every Route value in order.
    pub fn routes(&self) -> impl Iterator<Item = Result<NameAddr, HeaderError>> {
        self.typed_list(&HeaderName::Route, NameAddr::parse)
    }

    /// Every Record-Route value in order.
    pub fn record_routes(&self) -> impl Iterator<Item = Result<NameAddr, HeaderError>> {
        self.typed_list(&HeaderName::RecordRoute, NameAddr::parse)
    }

    /// Every address of a header that holds a list of them (P-Asserted-Identity, Path ...).
    pub fn addresses<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = Result<NameAddr, HeaderError>> + 'a {
        self.typed_list(name, NameAddr::parse)
    }

    /// Content-Length in bytes; `None` when it is not there.
    ///
    /// # Errors
    /// Not a number, or several that disagree (equal ones are one).
    pub fn content_length(&self) -> Result<Option<u64>, HeaderError> {
        let name = &HeaderName::ContentLength;
        let mut length = None;
        for header in self.all(name) {
            let value = grammar::decimal(header.value()).ok_or_else(|| malformed(name, Fault("it is not a number")))?;
            if length.is_some_and(|known| known != value) {
                return Err(HeaderError::Duplicate(name.clone()));
            }
            length = Some(value);
        }
        Ok(length)
    }

    /// Content-Type; `None` when it is not there.
    ///
    /// # Errors
    /// Twice, or malformed.
    pub fn content_type(&self) -> Result<Option<MediaType>, HeaderError> {
        self.optional(&HeaderName::ContentType, MediaType::parse)
    }

    /// Every value of Reason that can be read (RFC 3326).
    pub fn reasons(&self) -> impl Iterator<Item = Reason> {
        self.list(&HeaderName::Reason).filter_map(|value| Reason::parse(value).ok())
    }

    /// Refer-To.
    ///
    /// # Errors
    /// Missing, twice, or malformed.
    pub fn refer_to(&self) -> Result<ReferTo, HeaderError> {
        self.single(&HeaderName::ReferTo, ReferTo::parse)
    }

    /// Replaces; `None` when it is not there.
    ///
    /// # Errors
    /// Twice, or malformed.
    pub fn replaces(&self) -> Result<Option<Replaces>, HeaderError> {
        self.optional(&HeaderName::Replaces, Replaces::parse)
    }

    /// Event; `None` when it is not there.
    ///
    /// # Errors
    /// Twice, or malformed.
    pub fn event(&self) -> Result<Option<Event>, HeaderError> {
        self.optional(&HeaderName::Event, Event::parse)
    }

    /// Subscription-State; `None` when it is not there.
    ///
    /// # Errors
    /// Twice, or malformed.
    pub fn subscription_state(&self) -> Result<Option<SubscriptionState>, HeaderError> {
        self.optional(&HeaderName::SubscriptionState, SubscriptionState::parse)
    }

    /// Expires in seconds. A number too large for 32 bits is read as the largest
    /// (RFC 4475 section 3.1.2.4); what is no number as absent.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.seconds(&HeaderName::Expires)
    }

    /// Min-Expires in seconds, read as [`Headers::expires`].
    #[must_use]
    pub fn min_expires(&self) -> Option<u32> {
        self.seconds(&HeaderName::MinExpires)
    }

    /// The number of a provisional response that is to be acknowledged (RFC 3262 section 7.1); what is no such number is
    /// read as absent.
    #[must_use]
    pub fn rseq(&self) -> Option<u32> {
        rack::number(self.first(&HeaderName::RSeq)?.value())
    }

    /// The provisional response a PRACK acknowledges.
    ///
    /// # Errors
    /// Missing, twice, or malformed.
    pub fn rack(&self) -> Result<RAck, HeaderError> {
        self.single(&HeaderName::RAck, RAck::parse)
    }

    /// Session-Expires (RFC 4028 section 4); `None` when it is not there.
    ///
    /// # Errors
    /// Twice, or malformed.
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, HeaderError> {
        self.optional(&HeaderName::SessionExpires, SessionExpires::parse)
    }

    /// Min-SE in seconds (RFC 4028 section 5), read as [`Headers::expires`].
    #[must_use]
    pub fn min_se(&self) -> Option<u32> {
        self.seconds(&HeaderName::MinSe)
    }

    /// Whether an option tag is among those of Supported or Require.
    #[must_use]
    pub fn has_option(&self, name: &HeaderName, tag: &str) -> bool {
        self.list(name).any(|value| value.eq_ignore_ascii_case(tag.as_bytes()))
    }

    /// Whether Allow names a method; `None` when nothing is said about any.
    #[must_use]
    pub fn allows(&self, method: &Method) -> Option<bool> {
        let is_said = self.contains(&HeaderName::Allow);
        is_said.then(|| self.list(&HeaderName::Allow).any(|value| value == method.as_str().as_bytes()))
    }

    /// Retry-After in seconds, without what may follow them; read as [`Headers::expires`].
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.seconds(&HeaderName::RetryAfter)
    }

    fn seconds(&self, name: &HeaderName) -> Option<u32> {
        let value = self.first(name)?.value();
        let digits = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
        let digits = value.get(..digits).filter(|digits| !digits.is_empty())?;
        let seconds = grammar::decimal(digits).unwrap_or(u64::MAX);
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    fn typed_list<'a, T: 'a>(
        &'a self,
        name: &'a HeaderName,
        parse: impl Fn(&[u8]) -> Result<T, Fault> + 'a,
    ) -> impl Iterator<Item = Result<T, HeaderError>> + 'a {
        self.list(name).map(move |value| parse(value).map_err(|fault| malformed(name, fault)))
    }

    fn single<T>(&self, name: &HeaderName, parse: impl Fn(&[u8]) -> Result<T, Fault>) -> Result<T, HeaderError> {
        self.optional(name, parse)?.ok_or_else(|| HeaderError::Missing(name.clone()))
    }

    fn optional<T>(
        &self,
        name: &HeaderName,
        parse: impl Fn(&[u8]) -> Result<T, Fault>,
    ) -> Result<Option<T>, HeaderError> {
        let mut lines = self.all(name);
        let Some(header) = lines.next() else {
            return Ok(None);
        };
        if lines.next().is_some() {
            return Err(HeaderError::Duplicate(name.clone()));
        }
        parse(header.value()).map(Some).map_err(|fault| malformed(name, fault))
    }
}

fn malformed(name: &HeaderName, fault: Fault) -> HeaderError {
    HeaderError::Malformed { name: name.clone(), fault }
}
