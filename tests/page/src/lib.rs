//! A browser, driven as a person drives it.
//!
//! [`Session`] speaks the W3C `WebDriver` protocol to a running driver; [`Browser`] knows what differs
//! between the browsers: how to start without a window, where downloads go, and where complaints are collected.
//!
//! Every function panics when the browser refuses a command, and names the command and the driver's response. A test that
//! cannot drive its browser has failed.

mod browser;
mod drivers;
mod files;
mod phone;
mod session;
mod trace;
mod webkit;

pub use browser::{Browser, ColorScheme};
pub use files::serve_files;
pub use session::Session;
pub use simulator::key::Spellings;
pub use trace::{Trace, longest_task};

/// A script that notes each text of the page's status in `said`, also one that lasts for a moment only.
pub const NOTE_STATUSES: &str = "window.said = [];
    const status = document.querySelector('#status');
    new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });";

/// Whether a video plays that this expression has not found before. After a click, the last video may play on for a moment: it does not
/// count.
pub const PLAYS_ANOTHER_VIDEO: &str = "(video => {
    if (video.hidden || video.currentTime === 0 || video.currentSrc === window.playedVideo) return false;
    window.playedVideo = video.currentSrc;
    return true;
})(document.querySelector('#video'))";
