import * as Command from "effect/cli/Command"
import {
  act,
  argument,
  choice,
  externalId,
  limit,
  merchant,
  optionalArgument,
  optionalInt,
  optionalText,
  page,
  toggle,
  yesOrNo
} from "./declare.ts"

const actions = () => import("../actions/customers.ts")
const transfers = () => import("../actions/transfers.ts")
const format = choice("format", ["ndjson", "csv"], "Format (default: by the file's extension, else ndjson)")
const csvRaw = toggle("raw", "CSV without the guard against spreadsheet formulas: cells are exact")

const list = Command.make(
  "list",
  {
    phone: optionalText("phone", "PHONE", "Written any way: the last ten digits count"),
    email: optionalText("email", "ADDRESS", "Letter case does not count"),
    externalId: externalId("Known to another system by this key"),
    withPhone: toggle("with-phone", "Only customers with a phone"),
    withoutPhone: toggle("without-phone", "Only customers without a phone"),
    withEmail: toggle("with-email", "Only customers with an e-mail address"),
    withoutEmail: toggle("without-email", "Only customers without an e-mail address"),
    limit,
    page,
    merchant
  },
  act(() => actions().then((module) => module.list))
).pipe(
  Command.withShortDescription("List or search customers"),
  Command.withDescription(
    "List customers in the order of their ids; several conditions must all hold.\n" +
      "Reads: customers. Changes nothing. Shows 50 rows unless --limit is given; --json streams every customer."
  ),
  Command.withExamples([
    { command: 'tillbridge customers list --phone "8 (999) 000-00-01"' },
    { command: "tillbridge customers list --without-email --limit 20 --page 2" },
    { command: "tillbridge customers list --json | jq -r .email" }
  ])
)

const get = Command.make(
  "get",
  {
    id: optionalArgument("id", "Number of the customer"),
    externalId: externalId("Instead of the number: the key in another system"),
    merchant
  },
  act(() => actions().then((module) => module.get))
).pipe(
  Command.withShortDescription("Show one customer"),
  Command.withDescription("Show everything known about one customer.\nReads: one customer. Changes nothing."),
  Command.withExamples([
    { command: "tillbridge customers get 42" },
    { command: "tillbridge customers get --external-id shop:A-17 --json" }
  ])
)

const put = Command.make(
  "put",
  {
    document: optionalArgument("document", "`-` reads a JSON document from standard input instead of flags"),
    id: optionalInt("id", "ID", "Change this customer"),
    externalId: externalId("Change the customer with this key, or make it"),
    title: optionalText("title", "TEXT", "Form of address"),
    firstName: optionalText("first-name", "TEXT", "First name"),
    middleName: optionalText("middle-name", "TEXT", "Middle name"),
    lastName: optionalText("last-name", "TEXT", "Last name"),
    gender: choice("gender", ["female", "male"], "Gender"),
    birthDate: optionalText("birth-date", "DATE", "YYYY-MM-DD, or --MM-DD without the year"),
    email: optionalText("email", "ADDRESS", "E-mail address"),
    phone: optionalText("phone", "PHONE", "Phone"),
    mobilePhone: optionalText("mobile-phone", "PHONE", "Mobile phone"),
    line1: optionalText("address-line1", "TEXT", "Address, first line"),
    line2: optionalText("address-line2", "TEXT", "Address, second line"),
    line3: optionalText("address-line3", "TEXT", "Address, third line"),
    postalCode: optionalText("postal-code", "TEXT", "Postal code"),
    city: optionalText("city", "TEXT", "City"),
    country: optionalText("country", "TEXT", "Country"),
    company: optionalText("company", "TEXT", "Name of the company"),
    vatNumber: optionalText("vat-number", "TEXT", "VAT number of the company"),
    language: optionalText("language", "TEXT", "Language"),
    consentPush: yesOrNo("consent-push", "Agreed to push messages"),
    consentEmail: yesOrNo("consent-email", "Agreed to e-mail"),
    consentSms: yesOrNo("consent-sms", "Agreed to SMS"),
    notes: optionalText("notes", "TEXT", "Notes"),
    discountPercent: optionalText("discount-percent", "DECIMAL", "Discount in percent"),
    accumulatedSales: optionalText("accumulated-sales", "DECIMAL", "Sum of purchases so far"),
    group: optionalText("group", "NAME", "Customer group, made when it is new"),
    registeredIn: optionalInt("registered-in", "STORE_ID", "Store that registered the customer"),
    merchant
  },
  act(() => actions().then((module) => module.put))
).pipe(
  Command.withShortDescription("Add or change one customer"),
  Command.withDescription(
    'Add or change one customer. What is not given stays as it is; an empty text ("") clears a field.\n' +
      "Changes: one customer. With neither --id nor --external-id a new one is made."
  ),
  Command.withExamples([
    { command: "tillbridge customers put --external-id shop:A-17 --first-name Ada --birth-date=--12-10" },
    { command: 'tillbridge customers put --id 42 --email ada@example.com --group "Gold"' },
    { command: "tillbridge customers get 42 --json | jq '.notes=null' | tillbridge customers put -" }
  ])
)

const remove = Command.make(
  "delete",
  {
    id: optionalArgument("id", "Number of the customer"),
    externalId: externalId("Instead of the number: the key in another system"),
    yes: toggle("yes", "Do not ask"),
    merchant
  },
  act(() => actions().then((module) => module.remove))
).pipe(
  Command.withShortDescription("Delete one customer"),
  Command.withDescription(
    "Delete one customer for good. Its cards stay, without an owner.\n" +
      "Changes: one customer and its cards. Asks on a terminal; elsewhere it needs --yes."
  ),
  Command.withExamples([
    { command: "tillbridge customers delete 42" },
    { command: "tillbridge customers delete --external-id shop:A-17 --yes" }
  ])
)

const importFile = Command.make(
  "import",
  {
    file: argument("file", "File to read; `-` is standard input"),
    format,
    rejects: optionalText("rejects", "FILE", "Write refused rows here: {line, reason, row} a line"),
    batch: optionalInt("batch", "N", "Rows in one transaction (default: 500)"),
    raw: csvRaw,
    limitErrors: optionalInt("limit-errors", "N", "Stop when more than N rows were refused", 0),
    keySystem: optionalText(
      "key-system",
      "SYSTEM",
      "Rows without id and external id get SYSTEM:LINE as theirs. A second file needs another SYSTEM: under the " +
        "same one its line 2 overwrites line 2 of the first"
    ),
    merchant
  },
  act(() => transfers().then((module) => module.importFile))
).pipe(
  Command.withShortDescription("Read customers from a file"),
  Command.withDescription(
    "Import customers from NDJSON or CSV, in the shape that `customers export` writes.\n" +
      "Changes: adds and updates customers, each found by its external ids, then by its id. A field that a row " +
      "leaves out stays as it is; an empty CSV cell clears it.\n" +
      "Safe to repeat: the same file again changes nothing. After Ctrl-C or a crash, run the same command again and " +
      "it finishes. Refused rows do not stop the run; the exit code is then 1."
  ),
  Command.withExamples([
    { command: "tillbridge customers import customers.csv --rejects refused.ndjson" },
    { command: "zcat dump.ndjson.gz | tillbridge customers import - --json" },
    { command: "tillbridge customers import spring.csv --key-system spring-list" }
  ])
)

const exportFile = Command.make(
  "export",
  {
    file: optionalArgument("file", "File to write; `-` or nothing is standard output"),
    format,
    raw: csvRaw,
    merchant
  },
  act(() => transfers().then((module) => module.exportFile))
).pipe(
  Command.withShortDescription("Write customers to a file"),
  Command.withDescription(
    "Export every customer as NDJSON or CSV. CSV is safe to open in a spreadsheet: a cell that could be a formula " +
      "gets a leading ', which import takes away again; --raw leaves it out.\n" +
      "Reads: customers. Changes: FILE, which appears only when it is complete."
  ),
  Command.withExamples([
    { command: "tillbridge customers export customers.csv" },
    { command: "tillbridge customers export | gzip > customers.ndjson.gz" }
  ])
)

export const customers = Command.make("customers").pipe(
  Command.withShortDescription("list, get, put, delete, import, export"),
  Command.withDescription("Customers: look at them, change them, move them in and out in bulk."),
  Command.withExamples([
    { command: "tillbridge customers list --phone 9990000001" },
    { command: "tillbridge customers import customers.csv" }
  ]),
  Command.withSubcommands([list, get, put, remove, importFile, exportFile])
)
