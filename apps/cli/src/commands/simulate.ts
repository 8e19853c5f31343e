import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { codecIds } from "../codecs.ts"
import { act, optionalInt, optionalText, texts } from "./declare.ts"

export const simulate = Command.make(
  "simulate",
  {
    dialect: Argument.Literals("dialect", codecIds).pipe(Argument.withDescription(codecIds.join(", "))),
    host: optionalText("host", "HOST", "Address of this machine to listen on (default: 127.0.0.1)"),
    port: optionalInt("port", "PORT", "Port to listen on; 0 takes a free one (default: 8090)", 0),
    customers: optionalInt("customers", "N", "Invented customers to begin with (default: 1000)", 0),
    cards: Flag.Finite("cards").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Cards of a customer on average (default: 1.2)"),
      Flag.filter(
        (value) => value >= 0 && value <= 100,
        (value) => `${value} is not from 0 to 100`
      ),
      Flag.optional,
      Flag.map(Option.getOrUndefined)
    ),
    seed: optionalInt("seed", "N", "Another seed, other people and other chances (default: 7)", 0),
    fault: texts(
      "fault",
      "KIND[=VALUE][@WHEN]",
      "What goes wrong, such as status=503@every=3; may be repeated; `list` tells what there is"
    ),
    changing: optionalText(
      "changing",
      "N/s",
      "Rows that the vendor's own tills change in a second (default: 0)"
    )
  },
  act(() => import("../actions/simulate.ts").then((module) => module.simulate))
).pipe(
  Command.withShortDescription("Play a vendor, with faults on request"),
  Command.withDescription(
    "Play a vendor to try clients and links against: the server of one dialect over a store of its own, with invented " +
      "customers that are the same at every start, and faults on request. What is written to it is there until it " +
      "stops.\n" +
      "Reads: nothing of yours. Changes: nothing; its store is a temporary file, removed at the end. Well-known " +
      "credentials, so on loopback only. Runs until Ctrl-C."
  ),
  Command.withExamples([
    { command: "tillbridge simulate polaris" },
    { command: "tillbridge simulate virtpos --customers 100000 --changing 5/s" },
    {
      command: "tillbridge simulate polaris --fault 429=10@every=5 --fault reset@chance=0.01",
      description: "throttles, and breaks off now and then"
    },
    { command: "tillbridge simulate megawin --fault list", description: "every fault there is" }
  ])
)
