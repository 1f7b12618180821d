//! Numbers, letters, colors, and patterns of them.

use ld_vm::Value;

use super::Provider;
use super::draw::Draw;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const COLORS: &[&str] = &[
    "AliceBlue",
    "Aqua",
    "Aquamarine",
    "Azure",
    "Beige",
    "Black",
    "Blue",
    "BlueViolet",
    "Brown",
    "Chocolate",
    "Coral",
    "Crimson",
    "Cyan",
    "DarkBlue",
    "DarkGreen",
    "DarkOrange",
    "DarkRed",
    "DeepPink",
    "DeepSkyBlue",
    "DimGray",
    "FireBrick",
    "ForestGreen",
    "Fuchsia",
    "Gold",
    "Gray",
    "Green",
    "HotPink",
    "Indigo",
    "Ivory",
    "Khaki",
    "Lavender",
    "LightBlue",
    "LightGreen",
    "Lime",
    "Linen",
    "Magenta",
    "Maroon",
    "MidnightBlue",
    "Navy",
    "Olive",
    "Orange",
    "OrangeRed",
    "Orchid",
    "Pink",
    "Plum",
    "Purple",
    "Red",
    "RoyalBlue",
    "Salmon",
    "SeaGreen",
    "Sienna",
    "Silver",
    "SkyBlue",
    "SlateGray",
    "Snow",
    "SteelBlue",
    "Tan",
    "Teal",
    "Tomato",
    "Turquoise",
    "Violet",
    "Wheat",
    "White",
    "Yellow",
    "YellowGreen",
];
const SAFE_COLORS: &[&str] = &[
    "aqua", "black", "blue", "fuchsia", "gray", "green", "lime", "maroon", "navy", "olive",
    "purple", "silver", "teal", "white", "yellow",
];
const EMOJI: &[&str] = &[
    "😀", "😂", "😉", "😍", "😎", "🤔", "😴", "😭", "👍", "👏", "🙏", "💪", "🎉", "🔥", "⭐", "🌍",
    "🍕", "🚀", "🐱", "🐶", "🌲", "⚽", "🎵", "📷", "💡",
];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::value("boolean", |draw| Value::Bool(draw.rng.bool())),
    Provider::pattern("bothify", &["## ??"]),
    Provider::pattern("color", &["#&&&&&&"]),
    Provider::one_of("color_name", COLORS),
    Provider::one_of("emoji", EMOJI),
    Provider::pattern("hex_color", &["#&&&&&&"]),
    Provider::pattern("hexify", &["&&&&"]),
    Provider::text("lexify", |draw| draw.letters(LETTERS, 4)),
    Provider::value("null_boolean", |draw| Value::Bool(draw.rng.bool())),
    Provider::pattern("numerify", &["###"]),
    Provider::value("pybool", |draw| Value::Bool(draw.rng.bool())),
    Provider::value("pydecimal", float),
    Provider::value("pyfloat", float),
    Provider::int("pyint", 0, 9999),
    Provider::text("pystr", |draw| draw.letters(LETTERS, 20)),
    Provider::int("random_digit", 0, 9),
    Provider::int("random_digit_above_two", 2, 9),
    Provider::int("random_digit_not_null", 1, 9),
    Provider::pattern("random_digit_not_null_or_empty", &["%", ""]),
    Provider::pattern("random_digit_or_empty", &["#", ""]),
    Provider::one_of("random_element", &["a", "b", "c"]),
    Provider::int("random_int", 0, 9999),
    Provider::text("random_letter", |draw| draw.letters(LETTERS, 1)),
    Provider::text("random_lowercase_letter", |draw| draw.letters(LOWER, 1)),
    Provider::value("random_number", |draw| {
        let digits = draw.rng.u32(1..10);
        Value::Int(draw.between(0, 10_i64.pow(digits) - 1))
    }),
    Provider::text("random_uppercase_letter", |draw| draw.letters(UPPER, 1)),
    Provider::text("rgb_color", rgb),
    Provider::text("rgb_css_color", |draw| {
        draw.put("rgb(");
        rgb(draw);
        draw.put(")");
    }),
    Provider::one_of("safe_color_name", SAFE_COLORS),
    Provider::text("safe_hex_color", |draw| {
        draw.put("#");
        for _ in 0..3 {
            let digit = draw.choice(b"0123456789abcdef");
            draw.out.extend([digit, digit]);
        }
    }),
];

fn float(draw: &mut Draw<'_>) -> Value<'static> {
    let digits = draw.rng.u32(1..10);
    let whole = draw.between(-10_i64.pow(digits), 10_i64.pow(digits));
    Value::Float(whole as f64 + draw.between(0, 999_999) as f64 / 1e6)
}

fn rgb(draw: &mut Draw<'_>) {
    draw.int(0, 255);
    draw.put(",");
    draw.int(0, 255);
    draw.put(",");
    draw.int(0, 255);
}
