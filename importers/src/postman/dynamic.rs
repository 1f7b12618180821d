//! Postman's dynamic variables, `{{$guid}}` and so on.

/// A dynamic variable in the terms of the plan language, or nothing when there is no such one.
pub(super) fn placeholder(name: &str) -> Option<&'static str> {
    TABLE
        .binary_search_by_key(&name, |row| row.0)
        .ok()
        .and_then(|at| TABLE.get(at))
        .map(|row| row.1)
}

/// Names without the `$`, and what stands for them between `${` and `}`; sorted.
const TABLE: &[(&str, &str)] = &[
    ("guid", "uuid()"),
    ("isoTimestamp", "date('%Y-%m-%dT%H:%M:%S%:z')"),
    (
        "randomAbbreviation",
        "random_choice(AGP, AI, API, EXE, FTP, GB, HDD, HTTP, IB, JBOD, JSON, PCI, PNG, RAM, RSS, SAS, SCSI, SDD, SMS, SMTP, SQL, SSL, TCP, THX, USB, XML, XSS)",
    ),
    ("randomAbstractImage", "faker.image_url"),
    (
        "randomAdjective",
        "random_choice(auxiliary, primary, back-end, digital, open-source, virtual, redundant, online, wireless, neural, optical, mobile)",
    ),
    ("randomAlphaNumeric", "random_string(1, abcdefghijklmnopqrstuvwxyz0123456789)"),
    ("randomAnimalsImage", "faker.image_url"),
    ("randomAvatarImage", "faker.image_url"),
    ("randomBankAccount", "random_string(8, 0123456789)"),
    ("randomBankAccountBic", "faker.swift"),
    ("randomBankAccountIban", "faker.iban"),
    (
        "randomBankAccountName",
        "random_choice('Checking Account', 'Savings Account', 'Credit Card Account', 'Home Loan Account')",
    ),
    ("randomBitcoin", "random_string(34)"),
    ("randomBoolean", "random_choice(true, false)"),
    ("randomBs", "faker.bs"),
    (
        "randomBsAdjective",
        "random_choice(virtual, scalable, robust, seamless, granular, open-source)",
    ),
    ("randomBsBuzz", "random_choice(leverage, streamline, syndicate, deploy, transform, embrace)"),
    ("randomBsNoun", "random_choice(synergies, platforms, niches, systems, partnerships, metrics)"),
    ("randomBusinessImage", "faker.image_url"),
    ("randomCatchPhrase", "faker.catch_phrase"),
    (
        "randomCatchPhraseAdjective",
        "random_choice(Adaptive, Advanced, Balanced, Optimized, Organic, Robust)",
    ),
    (
        "randomCatchPhraseDescriptor",
        "random_choice(24-hour, bi-directional, client-driven, global, modular, real-time)",
    ),
    (
        "randomCatchPhraseNoun",
        "random_choice(ability, access, adapter, algorithm, archive, solution)",
    ),
    ("randomCatsImage", "faker.image_url"),
    ("randomCity", "faker.city"),
    ("randomCityImage", "faker.image_url"),
    (
        "randomColor",
        "random_choice(red, green, blue, yellow, purple, orange, teal, black, white, gold)",
    ),
    ("randomCommonFileExt", "random_choice(m4v, wav, mpeg, png, pdf, html, gif, shtml)"),
    ("randomCommonFileName", "random_choice(report.pdf, photo.png, page.html, sound.wav)"),
    ("randomCommonFileType", "random_choice(video, application, audio, image, text)"),
    ("randomCompanyName", "faker.company"),
    ("randomCompanySuffix", "faker.company_suffix"),
    ("randomCountry", "faker.country"),
    ("randomCountryCode", "faker.country_code"),
    ("randomCreditCardMask", "random_string(4, 0123456789)"),
    ("randomCurrencyCode", "faker.currency_code"),
    ("randomCurrencyName", "faker.currency_name"),
    ("randomCurrencySymbol", "faker.currency_symbol"),
    (
        "randomDatabaseCollation",
        "random_choice(utf8_unicode_ci, utf8_general_ci, utf8_bin, ascii_bin, ascii_general_ci)",
    ),
    (
        "randomDatabaseColumn",
        "random_choice(id, title, name, email, phone, token, group, category, password, status)",
    ),
    ("randomDatabaseEngine", "random_choice(InnoDB, MyISAM, MEMORY, CSV, BLACKHOLE, ARCHIVE)"),
    (
        "randomDatabaseType",
        "random_choice(int, varchar, text, date, datetime, tinyint, bigint, decimal, double, boolean)",
    ),
    ("randomDateFuture", "faker.future_datetime"),
    ("randomDatePast", "faker.past_datetime"),
    ("randomDateRecent", "faker.past_datetime"),
    (
        "randomDepartment",
        "random_choice(Books, Music, Games, Electronics, Home, Garden, Toys, Shoes, Sports)",
    ),
    (
        "randomDirectoryPath",
        "random_choice(/Applications, /bin, /etc, /home, /opt, /usr/bin, /var/log)",
    ),
    ("randomDomainName", "faker.domain_name"),
    ("randomDomainSuffix", "faker.tld"),
    ("randomDomainWord", "faker.domain_word"),
    ("randomEmail", "faker.free_email"),
    ("randomExampleEmail", "faker.safe_email"),
    ("randomFashionImage", "faker.image_url"),
    ("randomFileExt", "random_choice(txt, csv, json, xml, zip, mp3, svg)"),
    ("randomFileName", "random_choice(notes.txt, data.csv, orders.json, feed.xml)"),
    ("randomFilePath", "random_choice(/home/user/notes.txt, /tmp/data.csv, /var/log/app.log)"),
    ("randomFileType", "random_choice(model, application, audio, image, text, video)"),
    ("randomFirstName", "faker.first_name"),
    ("randomFoodImage", "faker.image_url"),
    ("randomFullName", "faker.name"),
    ("randomHexColor", "concat('#', ${random_string(6, 0123456789abcdef)})"),
    ("randomIP", "faker.ipv4"),
    ("randomIPV6", "faker.ipv6"),
    ("randomImageDataUri", "faker.image_url"),
    ("randomImageUrl", "faker.image_url"),
    (
        "randomIngverb",
        "random_choice(navigating, parsing, indexing, compressing, hacking, bypassing, copying)",
    ),
    ("randomInt", "randint(0, 1000)"),
    (
        "randomJobArea",
        "random_choice(Accounts, Brand, Communications, Data, Security, Markets, Research)",
    ),
    ("randomJobDescriptor", "random_choice(Senior, Lead, Principal, Regional, Global, Central)"),
    ("randomJobTitle", "faker.job"),
    ("randomJobType", "random_choice(Engineer, Analyst, Manager, Architect, Designer, Consultant)"),
    ("randomLastName", "faker.last_name"),
    ("randomLatitude", "faker.latitude"),
    ("randomLocale", "random_choice(de, en, es, fr, it, ja, pt, zh)"),
    ("randomLongitude", "faker.longitude"),
    ("randomLoremLines", "faker.text"),
    ("randomLoremParagraph", "faker.paragraph"),
    ("randomLoremParagraphs", "faker.text"),
    ("randomLoremSentence", "faker.sentence"),
    ("randomLoremSentences", "faker.paragraph"),
    ("randomLoremSlug", "faker.slug"),
    ("randomLoremText", "faker.text"),
    ("randomLoremWord", "faker.word"),
    ("randomLoremWords", "faker.sentence"),
    ("randomMACAddress", "faker.mac_address"),
    (
        "randomMimeType",
        "random_choice(application/json, application/pdf, image/png, text/html, text/plain)",
    ),
    ("randomMonth", "faker.month_name"),
    ("randomNamePrefix", "faker.prefix"),
    ("randomNameSuffix", "faker.suffix"),
    ("randomNatureImage", "faker.image_url"),
    ("randomNightlifeImage", "faker.image_url"),
    (
        "randomNoun",
        "random_choice(driver, protocol, bandwidth, panel, microchip, program, port, card, array, interface)",
    ),
    ("randomPassword", "random_string(15)"),
    ("randomPeopleImage", "faker.image_url"),
    ("randomPhoneNumber", "faker.basic_phone_number"),
    ("randomPhoneNumberExt", "faker.phone_number"),
    ("randomPhrase", "faker.sentence"),
    ("randomPrice", "concat(${randint(0, 999)}, ., ${randint(10, 99)})"),
    (
        "randomProduct",
        "random_choice(Chair, Car, Computer, Keyboard, Mouse, Bike, Ball, Gloves, Shirt, Table)",
    ),
    (
        "randomProductAdjective",
        "random_choice(Small, Ergonomic, Rustic, Intelligent, Gorgeous, Incredible, Practical, Sleek)",
    ),
    (
        "randomProductMaterial",
        "random_choice(Steel, Wooden, Concrete, Plastic, Cotton, Granite, Rubber, Metal)",
    ),
    (
        "randomProductName",
        "random_choice('Handmade Steel Chair', 'Ergonomic Cotton Shirt', 'Rustic Wooden Table')",
    ),
    ("randomProtocol", "random_choice(http, https)"),
    ("randomSemver", "random_choice(0.1.2, 1.0.0, 2.3.1, 4.7.9)"),
    ("randomSportsImage", "faker.image_url"),
    ("randomStreetAddress", "faker.street_address"),
    ("randomStreetName", "faker.street_name"),
    ("randomTransactionType", "random_choice(invoice, payment, deposit, withdrawal)"),
    ("randomTransportImage", "faker.image_url"),
    ("randomUUID", "uuid()"),
    ("randomUrl", "faker.url"),
    ("randomUserAgent", "faker.user_agent"),
    ("randomUserName", "faker.user_name"),
    (
        "randomVerb",
        "random_choice(back up, bypass, hack, override, compress, copy, navigate, index, connect, parse)",
    ),
    ("randomWeekday", "faker.day_of_week"),
    ("randomWord", "faker.word"),
    ("randomWords", "faker.sentence"),
    ("timestamp", "timestamp()"),
];

/// Placeholders whose values are numbers, which a text in JSON that is nothing else would send as
/// a number.
pub(super) fn is_number(code: &str) -> bool {
    ["timestamp", "randint", "random_choice(true", "faker.latitude", "faker.longitude"]
        .iter()
        .any(|prefix| code.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(TABLE.is_sorted_by_key(|row| row.0));
        assert_eq!(placeholder("randomInt"), Some("randint(0, 1000)"));
        assert_eq!(placeholder("randomNothing"), None);
    }
}
