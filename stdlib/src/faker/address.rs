//! Addresses, places, telephones.

use fake::locales::{Data, EN};
use ld_vm::Value;

use super::Provider;
use super::draw::Draw;
use super::person::{FIRST, LAST};

const STREET_SUFFIX: &[&str] = EN::ADDRESS_STREET_SUFFIX;
const STATE: &[&str] = EN::ADDRESS_STATE;
const STATE_ABBR: &[&str] = EN::ADDRESS_STATE_ABBR;
const CITY_PREFIX: &[&str] = EN::ADDRESS_CITY_PREFIX;
const CITY_SUFFIX: &[&str] = EN::ADDRESS_CITY_SUFFIX;
const ZIP: &[&str] = &["#####"];
const ZIP_PLUS_4: &[&str] = &["#####-####"];
const BUILDING: &[&str] = &["%##", "%###", "%####"];
const BOX: &[&str] = &["Unit #### Box ####", "PSC ####, Box ####"];
const MILITARY_STATE: &[&str] = &["AA", "AE", "AP"];
const SHIP: &[&str] = &["USCGC", "USNS", "USNV", "USS"];
const PHONE: &[&str] = &[
    "%##-###-####",
    "(%##)###-####",
    "%##.###.####",
    "%#########",
    "001-%##-###-####",
    "+1-%##-###-####",
    "%##-###-####x###",
    "(%##)###-####x####",
    "+1-%##-###-####x#####",
];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::text("address", address),
    Provider::one_of("administrative_unit", STATE),
    Provider::pattern("basic_phone_number", &["%##-###-####", "(%##)###-####", "%#########"]),
    Provider::pattern("building_number", BUILDING),
    Provider::text("city", city),
    Provider::one_of("city_prefix", CITY_PREFIX),
    Provider::one_of("city_suffix", CITY_SUFFIX),
    Provider::value("coordinate", |draw| degrees(draw, 180)),
    Provider::one_of("country", EN::ADDRESS_COUNTRY),
    Provider::text("country_calling_code", |draw| {
        draw.put("+");
        draw.int(1, 999);
    }),
    Provider::one_of("country_code", EN::ADDRESS_COUNTRY_CODE),
    Provider::one_of("current_country", &["United States"]),
    Provider::one_of("current_country_code", &["US"]),
    Provider::value("latitude", |draw| degrees(draw, 90)),
    Provider::json("latlng", |draw| {
        draw.array(&[&|draw| decimal(draw, 90), &|draw| decimal(draw, 180)]);
    }),
    Provider::value("longitude", |draw| degrees(draw, 180)),
    Provider::pattern("military_apo", &["PSC ####, Box ####"]),
    Provider::pattern("military_dpo", &["Unit #### Box ####"]),
    Provider::one_of("military_ship", SHIP),
    Provider::one_of("military_state", MILITARY_STATE),
    Provider::pattern("msisdn", &["%############"]),
    Provider::pattern("phone_number", PHONE),
    Provider::pattern("postalcode", ZIP),
    Provider::pattern("postalcode_in_state", ZIP),
    Provider::pattern("postalcode_plus4", ZIP_PLUS_4),
    Provider::pattern("postcode", ZIP),
    Provider::pattern("postcode_in_state", ZIP),
    Provider::pattern("secondary_address", SECONDARY),
    Provider::one_of("state", STATE),
    Provider::one_of("state_abbr", STATE_ABBR),
    Provider::text("street_address", street_address),
    Provider::text("street_name", street_name),
    Provider::one_of("street_suffix", STREET_SUFFIX),
    Provider::one_of("timezone", EN::ADDRESS_TIME_ZONE),
    Provider::pattern("zipcode", ZIP),
    Provider::pattern("zipcode_in_state", ZIP),
    Provider::pattern("zipcode_plus4", ZIP_PLUS_4),
];

const SECONDARY: &[&str] = &["Apt. ###", "Suite ###"];

pub(super) fn address(draw: &mut Draw<'_>) {
    if draw.chance(4) {
        let address = draw.choice(BOX);
        draw.pattern(address);
        draw.put("\n");
        draw.put("DPO ");
        draw.one_of(MILITARY_STATE);
    } else {
        street_address(draw);
        draw.put("\n");
        city(draw);
        draw.put(", ");
        draw.one_of(STATE_ABBR);
    }
    draw.pattern(" #####");
}

pub(super) fn city(draw: &mut Draw<'_>) {
    if draw.rng.bool() {
        draw.one_of(CITY_PREFIX);
        draw.put(" ");
        draw.one_of(FIRST);
    } else {
        draw.one_of(LAST);
    }
    if draw.rng.bool() {
        draw.one_of(CITY_SUFFIX);
    }
}

fn street_name(draw: &mut Draw<'_>) {
    let names = if draw.rng.bool() { FIRST } else { LAST };
    draw.one_of(names);
    draw.put(" ");
    draw.one_of(STREET_SUFFIX);
}

fn street_address(draw: &mut Draw<'_>) {
    let number = draw.choice(BUILDING);
    draw.pattern(number);
    draw.put(" ");
    street_name(draw);
    if draw.chance(40) {
        draw.put(" ");
        let inside = draw.choice(SECONDARY);
        draw.pattern(inside);
    }
}

fn millionths(draw: &mut Draw<'_>, most: i64) -> i64 {
    draw.between(-most * 1_000_000, most * 1_000_000)
}

fn degrees(draw: &mut Draw<'_>, most: i64) -> Value<'static> {
    Value::Float(millionths(draw, most) as f64 / 1e6)
}

fn decimal(draw: &mut Draw<'_>, most: i64) {
    let degrees = degrees(draw, most);
    degrees.write_text(draw.out);
}
