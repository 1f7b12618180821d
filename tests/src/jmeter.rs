//! JMeter, which imported test plans are compared with.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a test plan once, with all its requests going through a proxy.
///
/// # Errors
/// When JMeter cannot be prepared, does not end in time, or fails.
pub fn run(plan: &Path, proxy: SocketAddr) -> io::Result<()> {
    let home = home()?;
    let folder = plan.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let output = Command::new("timeout")
        .args(["100", "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-cp"])
        .arg(home.join("lib").join("*"))
        .arg(format!("-Djmeter.home={}", home.display()))
        .args(["-Djava.util.prefs.userRoot=.", "-Djava.awt.headless=true"])
        // Java's own client would ask this machine without the proxy.
        .arg("-Dhttp.nonProxyHosts=")
        .args(["org.apache.jmeter.NewDriver", "-n", "-t"])
        .arg(plan)
        .args(["-j", "jmeter.log", "-Jsummariser.interval=600"])
        .args(["-H", &proxy.ip().to_string(), "-P", &proxy.port().to_string()])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && text.contains("end of run") {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("JMeter, {}: {text}{errors}", output.status)))
}

/// Where JMeter is, prepared when it is not there yet.
fn home() -> io::Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join("jmeter");
    let output = Command::new(script).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other("tests/peers/jmeter failed; what it said stands above"));
    }
    let path = String::from_utf8(output.stdout).map_err(io::Error::other)?;
    Ok(PathBuf::from(path.trim_end()))
}
