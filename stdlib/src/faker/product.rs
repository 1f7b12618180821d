//! Bar codes, books, vehicles.

use super::Provider;
use super::draw::Draw;

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::text("ean", |draw| ean(draw, "############")),
    Provider::text("ean13", |draw| ean(draw, "############")),
    Provider::text("ean8", |draw| ean(draw, "#######")),
    Provider::text("isbn10", isbn10),
    Provider::text("isbn13", |draw| {
        draw.put("978-");
        book(draw);
        check(draw);
    }),
    Provider::pattern(
        "license_plate",
        &["###-^^^", "^^^-####", "^^^ ###", "%^^ ^##", "###^^^", "^## %^^"],
    ),
    Provider::text("localized_ean", |draw| ean(draw, "0###########")),
    Provider::text("localized_ean13", |draw| ean(draw, "0###########")),
    Provider::text("localized_ean8", |draw| ean(draw, "0######")),
    Provider::text("upc_a", |draw| ean(draw, "###########")),
    Provider::text("vin", vin),
];

fn ean(draw: &mut Draw<'_>, pattern: &str) {
    draw.pattern(pattern);
    check(draw);
}

/// The check digit of GS1 for the digits written.
fn check(draw: &mut Draw<'_>) {
    let digits = draw.written().iter().rev().filter(|byte| byte.is_ascii_digit());
    let weighted = digits.zip([3, 1].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    draw.number(i64::from((10 - sum % 10) % 10));
}

/// Group, publisher and title of a book, as the English-speaking countries number them.
fn book(draw: &mut Draw<'_>) {
    draw.put("0-");
    draw.int(370, 638);
    draw.pattern("-#####-");
}

fn isbn10(draw: &mut Draw<'_>) {
    book(draw);
    let digits = draw.written().iter().filter(|byte| byte.is_ascii_digit());
    let sum: u32 = digits.zip(1..).map(|(digit, place)| u32::from(digit - b'0') * place).sum();
    match sum % 11 {
        10 => draw.put("X"),
        digit => draw.number(i64::from(digit)),
    }
}

/// A number of a vehicle (ISO 3779), with its check character in the ninth place.
fn vin(draw: &mut Draw<'_>) {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    draw.letters(b"ABCDEFGHJKLMNPRSTUVWXYZ0123456789", 17);
    let sum: u32 =
        draw.written().iter().zip(WEIGHTS).map(|(byte, weight)| meant(*byte) * weight).sum();
    if let Some(ninth) = draw.out.get_mut(8) {
        *ninth = match sum % 11 {
            10 => b'X',
            digit => b'0' + digit as u8,
        };
    }
}

/// The number that a character of a vehicle's number stands for.
fn meant(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'H' => u32::from(byte - b'A') + 1,
        b'J'..=b'R' => u32::from(byte - b'J') + 1,
        _ => u32::from(byte.saturating_sub(b'S')) + 2,
    }
}
