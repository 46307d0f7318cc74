use super::error::DialogError;
use super::id::DialogId;
use super::route_set::{RouteSet, as_target};
use crate::message::{BuildError, Headers, Method, NameAddr, Request, RequestBuilder, Response, Uri, Via};

/// How far a dialog has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogState {
    /// A provisional response was sent or received.
    Early,
    /// A 2xx was sent or received.
    Confirmed,
}

/// One dialog, seen from our side.
#[derive(Debug, Clone)]
pub struct Dialog {
    id: DialogId,
    state: DialogState,
    local: NameAddr,
    remote: NameAddr,
    contact: NameAddr,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    remote_target: Uri,
    route_set: RouteSet,
    /// The ACK of the last 2xx, to be repeated with it, and the number it acknowledges.
    ack: Option<(u32, Request)>,
}

impl Dialog {
    /// The caller's dialog, from its INVITE and a response with a tag: early from 101 to 199, confirmed
    /// by a 2xx (§12.1.2). A missing Contact is forgiven: the Request-URI reached the peer once.
    ///
    /// # Errors
    /// When a header the dialog depends on is broken.
    pub fn from_response(invite: &Request, response: &Response) -> Result<Self, DialogError> {
        let headers = response.headers();
        let mut dialog = Self {
            id: DialogId::of_response(response)?,
            state: DialogState::Early,
            local: invite.headers().from()?,
            remote: headers.to()?,
            contact: own_contact(invite.headers())?,
            local_cseq: invite.headers().cseq()?.number,
            remote_cseq: None,
            remote_target: as_target(invite.uri()?),
            route_set: RouteSet::default(),
            ack: None,
        };
        dialog.update(response)?;
        Ok(dialog)
    }

    /// The callee's dialog, from an INVITE it is about to answer with this tag and Contact (§12.1.1).
    /// It is early until [`Dialog::confirm`]. A caller of RFC 2543, which did not ask for a Contact, is reached at its
    /// From.
    ///
    /// # Errors
    /// When a header the dialog depends on is missing or broken: answer
    /// [`DialogError::status`].
    pub fn from_request(invite: &Request, local_tag: &str, contact: NameAddr) -> Result<Self, DialogError> {
        let headers = invite.headers();
        let id = DialogId { local_tag: local_tag.to_owned(), ..DialogId::of_request(invite)? };
        let target = match headers.contact()? {
            Some(contact) => contact.uri,
            None if headers.top_via()?.has_rfc3261_branch() => return Err(DialogError::NoContact),
            None => headers.from()?.uri,
        };
        Ok(Self {
            id,
            state: DialogState::Early,
            local: headers.to()?.with_tag(local_tag).map_err(BuildError::from)?,
            remote: headers.from()?,
            contact,
            local_cseq: 0,
            remote_cseq: Some(headers.cseq()?.number),
            remote_target: as_target(target),
            route_set: RouteSet::of_request(headers)?,
            ack: None,
        })
    }

    /// Its name.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// How far it has come.
    pub fn state(&self) -> DialogState {
        self.state
    }

    /// Our address, with our tag.
    pub fn local(&self) -> &NameAddr {
        &self.local
    }

    /// The peer's address, with its tag.
    pub fn remote(&self) -> &NameAddr {
        &self.remote
    }

    /// Where the peer wants its requests.
    pub fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The URI whose host gets our requests: the first proxy's, or the peer's.
    pub fn next_hop(&self) -> &Uri {
        self.route_set.next_hop(&self.remote_target)
    }

    /// Our Contact, which INVITEs carry.
    pub fn contact(&self) -> &NameAddr {
        &self.contact
    }

    /// The callee has sent a 2xx.
    pub fn confirm(&mut self) {
        self.state = DialogState::Confirmed;
    }

    /// Takes a further response to the INVITE that made the dialog, or to a later INVITE or UPDATE: a 2xx
    /// confirms the dialog and renews the peer's target, and the first one also the route set
    /// (§13.2.2.4).
    ///
    /// # Errors
    /// When it belongs to another dialog, or a header the dialog depends on is broken.
    pub fn receive_response(&mut self, response: &Response) -> Result<(), DialogError> {
        let id = DialogId::of_response(response)?;
        if id != self.id {
            return Err(DialogError::OtherDialog);
        }
        self.update(response)
    }

    /// Checks a request of the peer against the dialog; one that may renew the peer's target (INVITE,
    /// UPDATE) does so at once (§12.2.2). ACK and CANCEL repeat the number of their INVITE.
    ///
    /// # Errors
    /// When it is out of order or of another dialog: answer [`DialogError::status`].
    pub fn receive_request(&mut self, request: &Request) -> Result<(), DialogError> {
        let headers = request.headers();
        if DialogId::of_request(request)? != self.id {
            return Err(DialogError::OtherDialog);
        }
        if matches!(request.method(), Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let number = headers.cseq()?.number;
        if self.remote_cseq.is_some_and(|last| number < last) {
            return Err(DialogError::OutOfOrder);
        }
        if renews_target(request.method())
            && let Some(contact) = headers.contact()?
        {
            self.remote_target = as_target(contact.uri);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }

    /// Begins our next request in the dialog, with the next number; an INVITE or UPDATE carries our
    /// Contact. Add what is its own and build it. The Via has a fresh
    /// [`branch`](crate::transaction::branch).
    pub fn request(&mut self, method: Method, via: &Via) -> RequestBuilder {
        self.local_cseq = self.local_cseq.saturating_add(1);
        let has_contact = renews_target(&method);
        let request = self.begin(method, via, self.local_cseq);
        match has_contact {
            true => request.contact(&self.contact),
            false => request,
        }
    }

    /// The ACK for a 2xx to our INVITE of this number: the same again for a repeated 2xx, else a new one,
    /// which `finish` gives its credentials (those of the INVITE, §13.2.2.4) and its body.
    ///
    /// # Errors
    /// When `finish` gave it something that cannot be sent.
    pub fn acknowledge(
        &mut self,
        number: u32,
        via: &Via,
        finish: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Request, BuildError> {
        if let Some((_, ack)) = self.ack.as_ref().filter(|(last, _)| *last == number) {
            return Ok(ack.clone());
        }
        let ack = finish(self.begin(Method::Ack, via, number)).build()?;
        self.ack = Some((number, ack.clone()));
        Ok(ack)
    }

    /// The ACK to repeat for a 2xx that was acknowledged before.
    pub fn repeated_ack(&self, response: &Response) -> Option<&Request> {
        let number = response.headers().cseq().ok()?.number;
        self.ack.as_ref().filter(|(last, _)| *last == number).map(|(_, ack)| ack)
    }

    fn begin(&self, method: Method, via: &Via, number: u32) -> RequestBuilder {
        self.route_set
            .begin(method, &self.remote_target)
            .via(via)
            .from(&self.local)
            .to(&self.remote)
            .call_id(&self.id.call_id)
            .cseq(number)
    }

    fn update(&mut self, response: &Response) -> Result<(), DialogError> {
        let headers = response.headers();
        let (status, method) = (response.status(), headers.cseq()?.method);
        let is_early = self.state == DialogState::Early;
        let counts = status.is_success() || (status.is_provisional() && is_early);
        if !counts || !renews_target(&method) {
            return Ok(());
        }
        if let Some(contact) = headers.contact()? {
            self.remote_target = as_target(contact.uri);
        }
        if is_early && method == Method::Invite {
            self.route_set = RouteSet::of_response(headers)?;
            if status.is_success() {
                self.state = DialogState::Confirmed;
            }
        }
        Ok(())
    }
}

/// Whether a request, when it succeeds, tells where its sender wants later ones.
fn renews_target(method: &Method) -> bool {
    matches!(method, Method::Invite | Method::Update)
}

fn own_contact(headers: &Headers) -> Result<NameAddr, DialogError> {
    headers.contact()?.ok_or(DialogError::NoContact)
}
