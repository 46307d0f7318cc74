use crate::message::{BRANCH_COOKIE, HeaderError, Headers, Method, Request, Response, Via};

/// A Via branch from randomness of the caller's. Two requests must not get the same.
#[must_use]
pub fn branch(random: u64) -> String {
    format!("{BRANCH_COOKIE}{random:016x}")
}

/// What makes a response belong to a client transaction (RFC 3261 §17.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientKey {
    branch: String,
    method: Method,
}

impl ClientKey {
    /// The key a request of ours begins; `None` if its Via has no branch of RFC 3261.
    pub(super) fn of_request(request: &Request) -> Result<Option<Self>, HeaderError> {
        let via = request.headers().top_via()?;
        let branch = via.branch().filter(|_| via.has_rfc3261_branch());
        Ok(branch.map(|branch| Self { branch: branch.to_owned(), method: request.method().clone() }))
    }

    /// The key a response belongs to; `None` if it has none that could be ours.
    pub(super) fn of_response(response: &Response) -> Option<Self> {
        let via = response.headers().top_via().ok()?;
        let cseq = response.headers().cseq().ok()?;
        Some(Self { branch: via.branch()?.to_owned(), method: cseq.method })
    }
}

/// What makes a request belong to a server transaction (RFC 3261 §17.2.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ServerKey {
    /// The branch is globally unique.
    Branch { branch: String, sent_by: String, method: Method },
    /// A peer of RFC 2543 has no such branch: everything that identifies the request counts. The tag in
    /// To is left out, since an ACK carries the one of the response.
    Rfc2543 { via: String, uri: String, from_tag: Option<String>, call_id: String, number: u32, method: Method },
}

impl ServerKey {
    /// The transaction a request begins or repeats. An ACK belongs to its INVITE.
    pub(super) fn of(request: &Request, via: &Via) -> Result<Self, HeaderError> {
        let method = match request.method() {
            Method::Ack => Method::Invite,
            other => other.clone(),
        };
        Self::with_method(request, via, method)
    }

    /// The INVITE a CANCEL means.
    pub(super) fn of_cancelled(cancel: &Request, via: &Via) -> Result<Self, HeaderError> {
        Self::with_method(cancel, via, Method::Invite)
    }

    fn with_method(request: &Request, via: &Via, method: Method) -> Result<Self, HeaderError> {
        if let Some(branch) = via.branch().filter(|_| via.has_rfc3261_branch()) {
            let sent_by = via.sent_by.to_string().to_ascii_lowercase();
            return Ok(Self::Branch { branch: branch.to_owned(), sent_by, method });
        }
        let headers: &Headers = request.headers();
        Ok(Self::Rfc2543 {
            via: via.to_string(),
            uri: request.uri().map(|uri| uri.to_string()).unwrap_or_default(),
            from_tag: headers.from()?.tag().map(str::to_owned),
            call_id: headers.call_id()?.as_str().to_owned(),
            number: headers.cseq()?.number,
            method,
        })
    }
}
