//! Leaves out the requests that were not asked for.

use crate::draft::Draft;
use crate::notes::Notes;
use crate::options::Options;

/// Endings of paths of what pages are made of.
const STATIC: &[&str] = &[
    "avif",
    "bmp",
    "css",
    "eot",
    "gif",
    "ico",
    "jpeg",
    "jpg",
    "js",
    "map",
    "mjs",
    "mp3",
    "mp4",
    "ogg",
    "otf",
    "png",
    "svg",
    "ttf",
    "wasm",
    "wav",
    "webm",
    "webmanifest",
    "webp",
    "woff",
    "woff2",
];

/// Hosts, or ends of hosts, that count visitors or show them advertisements.
const ANALYTICS: &[&str] = &[
    "adservice.google.com",
    "amplitude.com",
    "analytics.google.com",
    "bat.bing.com",
    "branch.io",
    "chartbeat.com",
    "chartbeat.net",
    "clarity.ms",
    "connect.facebook.net",
    "criteo.com",
    "doubleclick.net",
    "fullstory.com",
    "google-analytics.com",
    "googleadservices.com",
    "googlesyndication.com",
    "googletagmanager.com",
    "heapanalytics.com",
    "hotjar.com",
    "hotjar.io",
    "intercom.io",
    "mixpanel.com",
    "newrelic.com",
    "nr-data.net",
    "optimizely.com",
    "quantserve.com",
    "scorecardresearch.com",
    "segment.com",
    "segment.io",
    "sentry.io",
];

/// Keeps what `include` asks for and `exclude` and `skip_static` do not rule out.
pub(super) fn run(draft: &mut Draft, options: &Options, notes: &mut Notes) {
    let before = draft.tasks().len();
    draft.retain_tasks(|task| {
        let url = task.url.as_str();
        let asked = options.include.is_empty() || options.include.iter().any(|re| re.is_match(url));
        let ruled_out = options.exclude.iter().any(|re| re.is_match(url));
        asked && !ruled_out && !(options.skip_static && is_noise(url))
    });
    let left_out = before - draft.tasks().len();
    if left_out > 0 {
        let what = format!("{left_out} of {before} requests");
        notes.remark("options", &what, "left out, as --include, --exclude or --skip-static ask");
    }
}

/// Whether a URL is of an image, a style, a script, a font or the like.
pub(super) fn is_static(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let (_, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let ending =
        path.rsplit('/').next().and_then(|last| last.rsplit_once('.')).map(|(_, ending)| ending);
    ending.is_some_and(|ending| STATIC.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

/// Whether a URL is of an asset or of a service that watches visitors.
fn is_noise(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split('/').next().unwrap_or(rest);
    let host =
        authority.rsplit('@').next().unwrap_or(authority).split(':').next().unwrap_or(authority);
    let watches = ANALYTICS.iter().any(|known| {
        host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    is_static(url) || watches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_and_analytics_are_noise_and_pages_are_not() {
        for url in [
            "https://a.example/x/app.JS?v=1",
            "https://www.google-analytics.com/collect",
            "https://a.example/f.woff2",
        ] {
            assert!(is_noise(url), "{url}");
        }
        for url in
            ["https://a.example/app.js/list", "https://notsegment.io/x", "/orders.json?f=a.png", ""]
        {
            assert!(!is_noise(url), "{url}");
        }
    }
}
