//! The `offhook-relay` program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use offhook_relay::config::Config;
use offhook_relay::run;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Telephone calls between web pages and SIP.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "OFFHOOK_CONFIG")]
    config: Option<PathBuf>,
    /// Check the configuration, explain what is wrong with it, and end.
    #[arg(long)]
    check: bool,
    /// Anybody on this machine may connect under any local name; SIP reaches this machine only.
    #[arg(long)]
    demo: bool,
    /// Where to listen for HTTP and WebSockets, instead of the configuration's `http.listen`.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// The directory of files to serve, instead of the configuration's `http.static`.
    #[arg(long = "static", value_name = "DIR")]
    static_files: Option<PathBuf>,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match configuration(&arguments) {
        Ok(_) if arguments.check => {
            say("the configuration is good");
            ExitCode::SUCCESS
        }
        Ok(config) => serve(config, arguments.demo),
        Err(message) => fail(&message),
    }
}

fn configuration(arguments: &Arguments) -> Result<Config, String> {
    let mut config = match &arguments.config {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            Config::from_toml(&text).map_err(|error| format!("{}:\n{error}", file.display()))?
        }
        None => Config::default(),
    };
    if arguments.demo {
        config = config.into_demo();
    }
    if let Some(listen) = arguments.http {
        config.http.listen = listen;
    }
    if let Some(directory) = &arguments.static_files {
        if !directory.is_dir() {
            return Err(format!("--static: {} is no directory", directory.display()));
        }
        config.http.static_files = Some(directory.clone());
    }
    if arguments.demo && !config.http.listen.ip().is_loopback() {
        let why = "anybody who reaches it may use any name: it listens on loopback only";
        return Err(format!("--demo: {why}, not on {}", config.http.listen));
    }
    Ok(config)
}

#[tokio::main]
async fn serve(config: Config, demo: bool) -> ExitCode {
    let running = match run::start(config).await {
        Ok(running) => running,
        Err(error) => return fail(&error.to_string()),
    };
    say(&running.ready_line());
    if demo {
        say(&format!("Open http://{}/ in a browser; Ctrl-C stops the relay.", running.http));
    }
    match until_told().await {
        Ok(()) => {
            running.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("signals cannot be received: {error}")),
    }
}

/// Waits for SIGTERM or SIGINT.
async fn until_told() -> std::io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "standard output is for programs that started this one")]
fn say(line: &str) {
    println!("{line}");
}

fn fail(message: &str) -> ExitCode {
    tracing::error!("{message}");
    ExitCode::FAILURE
}
