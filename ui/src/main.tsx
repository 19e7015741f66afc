import "@mantine/core/styles.css";
import "uplot/dist/uPlot.min.css";
import "./page.css";

import { createTheme, MantineProvider, type CSSVariablesResolver } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Page } from "./Page";

// Mantine's grey for lesser text has a contrast below WCAG AA's 4.5.
const readable: CSSVariablesResolver = () => ({
  variables: {},
  light: { "--mantine-color-dimmed": "#565e66", "--mantine-color-placeholder": "#565e66", "--bad": "#c92a2a", "--link": "#1864ab" },
  dark: { "--mantine-color-dimmed": "#a6a7ab", "--mantine-color-placeholder": "#a6a7ab", "--bad": "#ff8787", "--link": "#74c0fc" },
});
const theme = createTheme({ primaryColor: "blue", primaryShade: 8, defaultRadius: "md" });

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider defaultColorScheme="auto" theme={theme} cssVariablesResolver={readable}>
      <Page />
    </MantineProvider>
  </StrictMode>,
);
