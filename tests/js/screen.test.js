/* Numbers of a view as a spreadsheet reads them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { csv } from "../../vit_explorer/ui/core/screen.js";

test("cells with commas and quotes are quoted, and the file says that it is UTF-8", () => {
  assert.equal(
    csv([
      ["Größe", 'a "b", c'],
      [1.5, "d"],
    ]),
    '\ufeffGröße,"a ""b"", c"\r\n1.5,d\r\n',
  );
});
