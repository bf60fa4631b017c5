//! The page beside the simulator.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::{package, port, simulator};

/// The usual port. Another one is another origin to a browser, with none of yesterday's tasks.
pub(crate) const PORT: u16 = 8317;

/// Builds the package and the simulator, and serves until interrupted.
pub(crate) fn run(project: &Project, port: u16) -> Result<ExitCode> {
    refuse_taken(port)?;
    package::build(project)?;
    let relay = std::env::var_os("COMETAPI_KEY").is_some_and(|key| !key.to_string_lossy().trim().is_empty());
    // The build took a while.
    let mut command = simulator::command(project, &project.package_dir(), port)?;
    refuse_taken(port)?;
    let (mut service, address) = simulator::start(&mut command)?;
    println!("\n    {address}\n");
    if relay {
        println!(
            "COMETAPI_KEY is set: requests go to the real service and cost real money; the page never holds the key"
        );
    } else {
        println!("the simulator answers: no key needed, nothing leaves this machine, nothing is paid for");
        println!("for a page of your own: baseUrl \"{address}/s/ok/kling\", apiKey \"sk-sim-anything\"");
    }
    println!("Ctrl-C ends it");
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
    bail!("port {port} is taken by {owner}; end that, or choose another port with `cargo xtask demo --port N`")
}
