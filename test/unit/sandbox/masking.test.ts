import { describe, expect, it } from "vitest";
import { maskHeaders, maskParameters } from "../../../sandbox/masking";

describe("masking", () => {
  it.each([
    ["", ""],
    ["a=1&access_token=x%20y&b=2", "a=1&access_token=[secret]&b=2"],
    ["client_secret=a=b&refresh_token=", "client_secret=[secret]&refresh_token=[secret]"],
    ["access%5Ftoken=x", "access_token=[secret]"],
    ["access_token=x&access_token=y", "access_token=[secret]&access_token=[secret]"],
  ])("hides the secrets of %j", (text, masked) => {
    expect(maskParameters(text)).toBe(masked);
  });

  it.each(["a=1&&b=%E0%A4&c", '{"where":"a&b=c"}', "\u00ff\u0000&="])("leaves %j as it is", (text) => {
    expect(maskParameters(text)).toBe(text);
  });

  it("hides the token of a header, whatever its form", () => {
    expect(maskHeaders({ authorization: "Basic eDp5", accept: "*/*" })).toEqual({
      authorization: "Bearer [token]",
      accept: "*/*",
    });
  });
});
