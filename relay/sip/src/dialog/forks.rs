use super::error::DialogError;
use super::id::DialogId;
use super::state::Dialog;
use crate::message::{Request, Response, StatusCode};

/// Most answers told apart; no proxy reaches that many phones.
const MAX_ANSWERS: usize = 64;

/// Most dialogs kept for one INVITE. Provisional responses of further forks are not followed; a 2xx of
/// one always is, since it must be ended.
pub const MAX_FORKS: usize = 16;

/// The dialogs one INVITE of ours leads to: proxies may fork it to several phones (RFC 3261 §13.2.2).
/// The first 2xx wins.
#[derive(Debug, Clone, Default)]
pub struct Forks {
    dialogs: Vec<Dialog>,
    answered: Vec<DialogId>,
}

/// What a response means among the forks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fork {
    /// It makes no dialog: a 100, a provisional response without a tag, a failure.
    None,
    /// A provisional response of a phone heard of before (`false`) or not (`true`).
    Early(DialogId, bool),
    /// The first 2xx: acknowledge it; this is the call.
    Won(DialogId),
    /// Another phone answered too: acknowledge it and send BYE.
    Lost(DialogId),
    /// A 2xx that came before: repeat its ACK.
    Repeated(DialogId),
}

impl Forks {
    /// No responses yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sorts a response to the INVITE in.
    ///
    /// # Errors
    /// When a header the dialog depends on is broken; ignore the response.
    pub fn receive(&mut self, invite: &Request, response: &Response) -> Result<Fork, DialogError> {
        let status = response.status();
        if status == StatusCode::TRYING || status.class() > 2 {
            return Ok(Fork::None);
        }
        let id = DialogId::of_response(response)?;
        if self.answered.contains(&id) {
            return Ok(if status.is_success() { Fork::Repeated(id) } else { Fork::None });
        }
        let is_hopeless = match status.is_success() {
            true => self.answered.len() >= MAX_ANSWERS,
            false => id.remote_tag.is_empty(),
        };
        if is_hopeless {
            return Ok(Fork::None);
        }
        let is_full = self.dialogs.len() >= MAX_FORKS;
        let known = self.dialogs.iter_mut().find(|dialog| *dialog.id() == id);
        let is_new = known.is_none();
        match known {
            Some(dialog) => dialog.receive_response(response)?,
            None if status.is_provisional() && is_full => return Ok(Fork::None),
            None => self.dialogs.push(Dialog::from_response(invite, response)?),
        }
        if status.is_provisional() {
            return Ok(Fork::Early(id, is_new));
        }
        Ok(self.answer(id))
    }

    /// Takes a dialog out, to live on by itself. A 2xx that is repeated for it is still known as such.
    pub fn take(&mut self, id: &DialogId) -> Option<Dialog> {
        let place = self.dialogs.iter().position(|dialog| dialog.id() == id)?;
        Some(self.dialogs.swap_remove(place))
    }

    fn answer(&mut self, id: DialogId) -> Fork {
        self.answered.push(id.clone());
        match self.answered.len() {
            1 => Fork::Won(id),
            _ => Fork::Lost(id),
        }
    }
}
