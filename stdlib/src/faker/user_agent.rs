//! What browsers say they are.

use super::Provider;
use super::draw::Draw;

const LINUX: &[&str] = &["X11; Linux x86_64", "X11; Linux i686"];
const LINUX_PROCESSOR: &[&str] = &["i686", "x86_64"];
const MAC: &[&str] = &[
    "Macintosh; Intel Mac OS X 10_13_6",
    "Macintosh; Intel Mac OS X 10_14_6",
    "Macintosh; Intel Mac OS X 10_15_7",
];
const WINDOWS: &[&str] =
    &["Windows NT 6.1; Win64; x64", "Windows NT 6.3; Win64; x64", "Windows NT 10.0; Win64; x64"];
const ANDROID: &[&str] = &["Android 10", "Android 11", "Android 12", "Android 13", "Android 14"];
const IOS: &[&str] = &[
    "iPhone; CPU iPhone OS 15_8 like Mac OS X",
    "iPhone; CPU iPhone OS 16_7 like Mac OS X",
    "iPhone; CPU iPhone OS 17_5 like Mac OS X",
    "iPad; CPU OS 16_7 like Mac OS X",
];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::one_of("android_platform_token", ANDROID),
    Provider::text("chrome", chrome),
    Provider::text("firefox", firefox),
    Provider::text("internet_explorer", |draw| {
        draw.put("Mozilla/5.0 (compatible; MSIE ");
        draw.int(5, 9);
        draw.put(".0; Windows NT 6.1; Trident/");
        draw.int(3, 5);
        draw.put(".0)");
    }),
    Provider::one_of("ios_platform_token", IOS),
    Provider::one_of("linux_platform_token", LINUX),
    Provider::one_of("linux_processor", LINUX_PROCESSOR),
    Provider::one_of("mac_platform_token", MAC),
    Provider::one_of("mac_processor", &["Intel", "PPC", "U; Intel", "U; PPC"]),
    Provider::text("opera", opera),
    Provider::text("safari", safari),
    Provider::text("user_agent", |draw| match draw.rng.u8(0..4) {
        0 => chrome(draw),
        1 => firefox(draw),
        2 => opera(draw),
        _ => safari(draw),
    }),
    Provider::one_of("windows_platform_token", WINDOWS),
];

fn desktop(draw: &mut Draw<'_>) {
    let platforms = draw.choice(&[LINUX, MAC, WINDOWS]);
    draw.one_of(platforms);
}

fn chrome(draw: &mut Draw<'_>) {
    draw.put("Mozilla/5.0 (");
    desktop(draw);
    draw.put(") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/");
    draw.int(90, 140);
    draw.put(".0.");
    draw.int(4000, 7400);
    draw.put(".0 Safari/537.36");
}

fn firefox(draw: &mut Draw<'_>) {
    let version = draw.between(80, 145);
    draw.put("Mozilla/5.0 (");
    desktop(draw);
    draw.put("; rv:");
    draw.number(version);
    draw.put(".0) Gecko/20100101 Firefox/");
    draw.number(version);
    draw.put(".0");
}

fn opera(draw: &mut Draw<'_>) {
    chrome(draw);
    draw.put(" OPR/");
    draw.int(75, 120);
    draw.put(".0.0.0");
}

fn safari(draw: &mut Draw<'_>) {
    draw.put("Mozilla/5.0 (");
    let platforms = if draw.rng.bool() { MAC } else { IOS };
    draw.one_of(platforms);
    draw.put(") AppleWebKit/605.1.15 (KHTML, like Gecko) Version/");
    draw.int(13, 18);
    draw.put(".");
    draw.int(0, 6);
    draw.put(" Safari/605.1.15");
}
