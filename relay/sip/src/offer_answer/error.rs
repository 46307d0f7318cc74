/// Why an offer or an answer could not be made or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferAnswerError {
    /// Our own offer awaits its answer, so another exchange cannot begin. A received offer is glare:
    /// answer 491 (RFC 3261 §14.2). An own one has to wait.
    #[error("an offer of ours is still waiting for its answer")]
    OfferOutstanding,
    /// The peer's offer awaits our answer. A second one is refused with 500 and Retry-After
    /// (RFC 3261 §14.2); an own one has to wait.
    #[error("an offer of the peer is still waiting for our answer")]
    OfferUnanswered,
    /// There is an answer, but no offer it could belong to. Ignore it.
    #[error("there is no offer this answer could belong to")]
    NoOffer,
    /// No audio stream is offered. Refuse with 488.
    #[error("the description offers no audio")]
    NoAudio,
    /// The peer refused our audio stream (port 0). End the call: nothing is left of it.
    #[error("the peer refused the audio stream")]
    AudioRefused,
    /// Audio is offered over a transport this leg does not speak, or in the clear where it must be encrypted, or the other
    /// way round. Refuse with 488.
    #[error("audio is only offered over a transport that is not supported or not allowed")]
    UnsupportedTransport,
    /// Audio should go to no literal unicast address. Refuse with 488.
    #[error("the audio stream has no literal unicast address")]
    UnusableAddress,
    /// The two sides have no codec in common. Refuse an offer with 488; after an answer end the call.
    #[error("there is no common codec")]
    NoCommonCodec,
    /// Neither the final response nor a provisional one brought an answer to our offer. End a call that
    /// begins; one that goes on keeps what was agreed before.
    #[error("our offer was never answered")]
    NoAnswer,
    /// The answer lacks the section that answers our audio. End the call.
    #[error("the answer lacks the section that was offered")]
    MissingSection,
}
