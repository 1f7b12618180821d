//! Cards, accounts, currencies. Check digits are right, and no number is anybody's but by chance.

use fake::locales::{Data, EN};

use super::Provider;
use super::draw::Draw;
use super::person;

/// Beginnings and lengths of card numbers, by provider.
const CARDS: &[(&str, &str)] = &[
    ("American Express", "34#############"),
    ("American Express", "37#############"),
    ("Diners Club / Carte Blanche", "300############"),
    ("Discover", "6011############"),
    ("JCB 16 digit", "3528############"),
    ("Maestro", "5018############"),
    ("Mastercard", "51##############"),
    ("Mastercard", "55##############"),
    ("VISA 13 digit", "4############"),
    ("VISA 16 digit", "4###############"),
    ("VISA 16 digit", "4###############"),
    ("VISA 19 digit", "4##################"),
];
const CARD_PROVIDERS: &[&str] = &[
    "American Express",
    "Diners Club / Carte Blanche",
    "Discover",
    "JCB 15 digit",
    "JCB 16 digit",
    "Maestro",
    "Mastercard",
    "VISA 13 digit",
    "VISA 16 digit",
    "VISA 19 digit",
];
const CRYPTOCURRENCIES: &[(&str, &str)] = &[
    ("ADA", "Cardano"),
    ("BCH", "Bitcoin Cash"),
    ("BTC", "Bitcoin"),
    ("DASH", "Dash"),
    ("DOGE", "Dogecoin"),
    ("EOS", "EOS.IO"),
    ("ETC", "Ethereum Classic"),
    ("ETH", "Ethereum"),
    ("LTC", "Litecoin"),
    ("NEO", "Neo"),
    ("USDT", "Tether"),
    ("XLM", "Stellar"),
    ("XMR", "Monero"),
    ("XRP", "Ripple"),
    ("ZEC", "Zcash"),
];
const CURRENCIES: &[(&str, &str)] = &[
    ("AUD", "Australian dollar"),
    ("BRL", "Brazilian real"),
    ("CAD", "Canadian dollar"),
    ("CHF", "Swiss franc"),
    ("CNY", "Renminbi"),
    ("CZK", "Czech koruna"),
    ("DKK", "Danish krone"),
    ("EUR", "Euro"),
    ("GBP", "Pound sterling"),
    ("INR", "Indian rupee"),
    ("JPY", "Japanese yen"),
    ("KRW", "South Korean won"),
    ("MXN", "Mexican peso"),
    ("NOK", "Norwegian krone"),
    ("NZD", "New Zealand dollar"),
    ("PLN", "Polish zloty"),
    ("SEK", "Swedish krona"),
    ("TRY", "Turkish lira"),
    ("USD", "United States dollar"),
    ("ZAR", "South African rand"),
];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::text("aba", aba),
    Provider::one_of("bank_country", &["GB"]),
    Provider::pattern("bban", &["^^^^##############"]),
    Provider::text("credit_card_expire", expire),
    Provider::text("credit_card_full", |draw| {
        let (provider, pattern) = draw.choice(CARDS);
        draw.put(provider);
        draw.put("\n");
        person::name(draw);
        draw.put("\n");
        card(draw, pattern);
        draw.put(" ");
        expire(draw);
        draw.pattern("\nCVC: ###\n");
    }),
    Provider::text("credit_card_number", |draw| {
        let (_, pattern) = draw.choice(CARDS);
        card(draw, pattern);
    }),
    Provider::one_of("credit_card_provider", CARD_PROVIDERS),
    Provider::pattern("credit_card_security_code", &["###"]),
    Provider::json("cryptocurrency", |draw| pair(draw, CRYPTOCURRENCIES)),
    Provider::text("cryptocurrency_code", |draw| {
        let (code, _) = draw.choice(CRYPTOCURRENCIES);
        draw.put(code);
    }),
    Provider::text("cryptocurrency_name", |draw| {
        let (_, name) = draw.choice(CRYPTOCURRENCIES);
        draw.put(name);
    }),
    Provider::json("currency", |draw| pair(draw, CURRENCIES)),
    Provider::one_of("currency_code", EN::CURRENCY_CODE),
    Provider::one_of("currency_name", EN::CURRENCY_NAME),
    Provider::one_of("currency_symbol", EN::CURRENCY_SYMBOL),
    Provider::text("iban", iban),
    Provider::pattern("pricetag", &["$#.##", "$%#.##", "$%##.##", "$%,###.##", "$%#,###.##"]),
    Provider::pattern("swift", &["^^^^GB^^", "^^^^GB^^^^^"]),
    Provider::pattern("swift11", &["^^^^GB^^^^^"]),
    Provider::pattern("swift8", &["^^^^GB^^"]),
];

fn pair(draw: &mut Draw<'_>, pairs: &[(&str, &str)]) {
    let (code, name) = draw.choice(pairs);
    draw.array(&[&|draw| draw.string(|draw| draw.put(code)), &|draw| {
        draw.string(|draw| draw.put(name));
    }]);
}

/// A number whose last digit is that of Luhn's algorithm (ISO/IEC 7812-1).
fn card(draw: &mut Draw<'_>, pattern: &str) {
    let start = draw.written().len();
    let (digits, _) = pattern.split_at(pattern.len() - 1);
    draw.pattern(digits);
    let written = draw.written().get(start..).unwrap_or_default();
    let sum: u32 = written
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            let doubled = if place % 2 == 0 { digit * 2 } else { digit };
            doubled / 10 + doubled % 10
        })
        .sum();
    draw.number(i64::from((10 - sum % 10) % 10));
}

fn expire(draw: &mut Draw<'_>) {
    let now = draw.now();
    let time = draw.moment(now, now + 10 * 365 * 86_400);
    draw.time(time, "%m/%y");
}

/// A routing number of the American Bankers Association, with its check digit.
fn aba(draw: &mut Draw<'_>) {
    draw.pattern("0%######");
    let weighted = draw.written().iter().zip([3, 7, 1, 3, 7, 1, 3, 7]);
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    draw.number(i64::from((10 - sum % 10) % 10));
}

/// A British account number (ISO 13616), with its check digits.
fn iban(draw: &mut Draw<'_>) {
    draw.put("GB00");
    draw.pattern("^^^^##############");
    let (country, account) = draw.written().split_at(4);
    let number = account.iter().chain(country).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    let check = 98 - number;
    if let Some(digits) = draw.out.get_mut(2..4) {
        digits.copy_from_slice(&[b'0' + (check / 10) as u8, b'0' + (check % 10) as u8]);
    }
}
