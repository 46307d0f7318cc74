use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::http::DoorState;
use crate::run::{Health, LoopInput};

/// How long the signalling loop may take to say how it is. One that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Report {
    status: &'static str,
    version: &'static str,
    #[serde(flatten)]
    health: Health,
}

/// What the relay holds, as JSON. Asked of the signalling loop itself: a reply shows that it runs.
pub(super) async fn report(State(door): State<DoorState>) -> Response {
    within(PATIENCE, &door.to_loop).await
}

async fn within(patience: Duration, to_loop: &mpsc::Sender<LoopInput>) -> Response {
    match tokio::time::timeout(patience, ask(to_loop)).await {
        Ok(Some(health)) => Json(Report { status: "ok", version: env!("CARGO_PKG_VERSION"), health }).into_response(),
        Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, "the relay is stopping").into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the relay does not answer").into_response(),
    }
}

async fn ask(to_loop: &mpsc::Sender<LoopInput>) -> Option<Health> {
    let (sender, receiver) = oneshot::channel();
    to_loop.send(LoopInput::Health(sender)).await.ok()?;
    receiver.await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_that_is_stuck_or_gone_is_not_well() {
        let (to_loop, inputs) = mpsc::channel(1);
        let stuck = within(Duration::ZERO, &to_loop).await;
        drop(inputs);
        let gone = within(PATIENCE, &to_loop).await;
        assert_eq!([stuck.status(), gone.status()], [StatusCode::SERVICE_UNAVAILABLE; 2]);
    }
}
