//! `cargo xtask demo`: the phone on localhost, with nothing else to install or to configure.

use crate::build;
use crate::error::Error;
use crate::process;
use crate::step::{OnFailure, Plan};
use crate::workspace::Workspace;

/// How to serve the demo.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Serve on this port of 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Builds, then runs the relay until it is interrupted.
pub(crate) fn serve(workspace: &Workspace, options: &Options) -> Result<(), Error> {
    Plan::new(build::STEPS.into(), &[])?.run(workspace, OnFailure::Stop)?;
    println!("\nOpen http://127.0.0.1:{}/ in a browser; Ctrl-C stops the relay.\n", options.port);
    let mut relay = workspace.command(workspace.target().join("debug/offhook-relay"));
    relay.args(["--demo", "--http", &format!("127.0.0.1:{}", options.port), "--static"]);
    relay.arg(workspace.join("demo-phone/dist"));
    process::run(&mut relay)
}
