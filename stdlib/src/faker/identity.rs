//! What authorities and libraries number.

use super::Provider;
use super::draw::Draw;
use super::person::{FIRST, LAST};
use super::{address, company, internet, person};

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::text("doi", |draw| {
        draw.put("10.");
        draw.int(1000, 999_999_999);
        draw.put("/");
        draw.letters(b"abcdefghijklmnopqrstuvwxyz0123456789.-", 8);
    }),
    Provider::pattern("ein", &["%#-#######"]),
    Provider::pattern("invalid_ssn", &["000-##-####", "666-##-####", "9##-##-####"]),
    Provider::pattern("itin", &["9##-7#-####", "9##-80-####"]),
    Provider::one_of("passport_gender", &["F", "M", "X"]),
    Provider::pattern("passport_number", &["^########", "#########"]),
    Provider::json("passport_owner", |draw| {
        draw.array(&[&|draw| draw.string(|draw| draw.one_of(FIRST)), &|draw| {
            draw.string(|draw| draw.one_of(LAST));
        }]);
    }),
    Provider::json("profile", |draw| {
        draw.put("{\"job\": ");
        draw.string(company::job);
        draw.put(", \"company\": ");
        draw.string(company::company);
        draw.put(", \"ssn\": ");
        draw.string(ssn);
        draw.put(", \"residence\": ");
        draw.string(address::address);
        draw.put(", ");
        who(draw);
    }),
    Provider::json("simple_profile", |draw| {
        draw.put("{");
        who(draw);
    }),
    Provider::text("ssn", ssn),
    Provider::text("uuid4", |draw| {
        draw.pattern("&&&&&&&&-&&&&-4&&&-");
        draw.letters(b"89ab", 1);
        draw.pattern("&&&-&&&&&&&&&&&&");
    }),
];

fn ssn(draw: &mut Draw<'_>) {
    let area = draw.between(1, 898);
    // No area is numbered 666.
    let area = if area == 666 { 665 } else { area };
    for divisor in [100, 10, 1] {
        draw.number(area / divisor % 10);
    }
    draw.put("-");
    let group = draw.choice(&["%#", "#%"]);
    draw.pattern(group);
    draw.put("-");
    draw.pattern("%###");
}

fn who(draw: &mut Draw<'_>) {
    draw.put("\"username\": ");
    draw.string(internet::user_name);
    draw.put(", \"name\": ");
    draw.string(person::name);
    draw.put(", \"sex\": ");
    draw.string(|draw| draw.one_of(&["F", "M"]));
    draw.put(", \"address\": ");
    draw.string(address::address);
    draw.put(", \"mail\": ");
    draw.string(|draw| internet::email(draw, &["gmail.com", "hotmail.com", "yahoo.com"]));
    draw.put(", \"birthdate\": ");
    draw.string(|draw| {
        let now = draw.now();
        let day = draw.moment(now - 115 * 365 * 86_400, now);
        draw.time(day, "%Y-%m-%d");
    });
    draw.put("}");
}
