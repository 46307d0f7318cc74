//! Texts between apps and SIP phones (RFC 3428), and what waits in mailboxes.

use std::time::{Duration, Instant};

use offhook_protocol::event::{MessageReceived, MessageStatus, MessageWaiting};
use offhook_protocol::request::SendMessage;
use offhook_protocol::{ErrorCode, EventBody, Failure, Secret};

use super::{MediaPlane, Relay};
use crate::call::Identity;
use crate::limits::RateLimit;
use crate::session::{Account, ConnectionId, SessionId};
use crate::ua::{AccountId, MAX_TEXT, MessageId, Source};

/// The longest name an app may give a text, in bytes.
const MAX_NAME: usize = 128;

/// Texts a session is handed in the mean, and at once: faster than anybody reads.
const PER_TEXT: Duration = Duration::from_millis(200);
const AT_ONCE: u32 = 50;

impl<M: MediaPlane> Relay<M> {
    /// Sends an app's text for its account.
    pub(super) fn send_message(
        &mut self,
        connection: ConnectionId,
        session: SessionId,
        message: &SendMessage,
        now: Instant,
    ) -> Result<(), Failure> {
        let invalid = |field: &str, sentence: &str| {
            Err(Failure { field: Some(field.to_owned()), ..Failure::new(ErrorCode::InvalidField, sentence) })
        };
        if message.message_id.is_empty() || message.message_id.len() > MAX_NAME {
            return invalid("messageId", "A message has a name of at most 128 bytes.");
        }
        let bytes = message.text.reveal().len();
        if bytes > MAX_TEXT {
            return Err(Failure::new(ErrorCode::TooLarge, "A message can have at most 8 kB."));
        }
        let account = self.sessions.get(&session).map(|session| session.account().clone());
        if !matches!(account, Some(Account::Sip { .. })) {
            return invalid("to", "Only a session with a SIP account sends messages.");
        }
        self.take_data(connection, bytes, now)?;
        let sent = self.ua.send_message(AccountId(session.0), &message.to, message.text.reveal(), now)?;
        self.messages.insert(sent, (session, message.message_id.clone()));
        Ok(())
    }

    /// Tells an app what became of its text.
    pub(super) fn message_sent(&mut self, message: MessageId, failure: Option<Failure>) {
        if let Some((session, message_id)) = self.messages.remove(&message) {
            self.emit(session, EventBody::MessageStatus(MessageStatus { message_id, error: failure }));
        }
    }

    /// Hands a peer's text to the session whose account it was sent to, or of the local user it names.
    pub(super) fn message_received(
        &mut self,
        message: MessageId,
        (source, dialled): (&Source, &str),
        from: Identity,
        text: String,
        now: Instant,
    ) {
        let session = self.session_called(source, dialled);
        let outcome = self.hand_text_over(session, from, text, now);
        self.ua.answer_message(message, outcome.err().as_ref(), now);
    }

    fn hand_text_over(
        &mut self,
        session: Option<SessionId>,
        from: Identity,
        text: String,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some((id, session)) = session.and_then(|id| Some((id, self.sessions.get_mut(&id)?))) else {
            return Err(Failure::new(ErrorCode::NotFound, "Nobody of that name is here."));
        };
        let limit = session.texts.get_or_insert_with(|| RateLimit::every(PER_TEXT, AT_ONCE, now));
        if !limit.take(now) {
            return Err(Failure::new(ErrorCode::LimitReached, "There are too many messages."));
        }
        if !session.takes_data(text.len()) {
            return Err(Failure::new(ErrorCode::NoAnswer, "The user is away, and too much waits already."));
        }
        let Identity { user, display_name } = from;
        let message = MessageReceived { from: user, visible_name: display_name, text: Secret::new(text) };
        self.emit(id, EventBody::Message(message));
        Ok(())
    }

    /// Tells a session what waits in its mailbox.
    pub(super) fn mailbox_changed(&mut self, account: AccountId, waiting: MessageWaiting) {
        self.emit(SessionId(account.0), EventBody::MessageWaiting(waiting));
    }
}
