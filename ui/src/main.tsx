import "@mantine/core/styles.css";
import "uplot/dist/uPlot.min.css";
import "./page.css";

import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Page } from "./Page";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider defaultColorScheme="auto" theme={{ primaryColor: "blue", defaultRadius: "md" }}>
      <Page />
    </MantineProvider>
  </StrictMode>,
);
