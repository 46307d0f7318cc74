//! Keys in the sound itself, where a peer knows neither telephone-event nor INFO.

use super::signal::Signal;
use super::{Common, SipLeg, State};

impl SipLeg {
    /// Has the sound listened to exactly while there is a dialog whose peer has no other way to press keys.
    pub(super) fn listen_for_keys(&mut self) {
        let Self { common, state } = self;
        let Some(media) = common.exchange.media() else { return };
        let is_deaf = !matches!(state, State::Session(_)) || common.peer.may_send_keys();
        let listen = media.is_without_events() && !is_deaf;
        if listen != common.listens {
            let command = media.listen_for_keys(listen);
            common.listens = listen;
            common.media([command]);
        }
    }
}

impl Common {
    /// Presses a key in the media, in whatever way that allows. `false` when there is none to press it in.
    pub(super) fn press_in_media(&mut self, signal: &Signal) -> bool {
        let media = self.exchange.media();
        let press = media.and_then(|media| media.press_anyhow(signal.digit, signal.duration));
        let is_pressed = press.is_some();
        self.media(press);
        is_pressed
    }
}
