//! The page beside the simulator.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::{package, port, simulator};

/// The default port. Another port is another origin for the browser, with its own tasks.
pub(crate) const PORT: u16 = 8317;

/// Builds the package and the simulator, and serves until interrupted.
pub(crate) fn run(project: &Project, port: u16) -> Result<ExitCode> {
    refuse_taken(port)?;
    package::build(project)?;
    let relay = std::env::var_os("COMETAPI_KEY").is_some_and(|key| !key.to_string_lossy().trim().is_empty());
    // The port may have been taken during the build.
    let mut command = simulator::command(project, &project.package_dir(), port)?;
    refuse_taken(port)?;
    let (mut service, address) = simulator::start(&mut command)?;
    println!("\n    {address}\n");
    if relay {
        println!(
            "COMETAPI_KEY is set: requests go to the real service and cost real money; the page never gets the key"
        );
    } else {
        println!("simulated service: no key needed, no request leaves this machine, nothing is charged");
        println!("for your own page: baseUrl \"{address}/s/ok/kling\", apiKey \"sk-sim-anything\"");
    }
    println!("Ctrl-C ends the demo");
    let status = service.wait()?;
    if !status.success() {
        bail!("the simulator ended: {status}");
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse_taken(port: u16) -> Result<()> {
    if port == 0 || port::is_free(port) {
        return Ok(());
    }
    let owner = port::owner(port).unwrap_or_else(|| "another program".to_owned());
    bail!("port {port} is taken by {owner}; end it, or choose another port with `cargo xtask demo --port N`")
}
