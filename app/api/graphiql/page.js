// GraphiQL on this server, with a panel of prepared documents that opens each in a tab of its own.
const { createElement: h } = React;
const examples = JSON.parse(document.getElementById("examples").textContent);
const url = location.origin + location.pathname;

function Examples() {
  const { tabs, addTab, changeTab, queryEditor, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });
  function open({ document, variables }) {
    const there = tabs.findIndex(({ query }) => query === document);
    if (there >= 0) {
      changeTab(there);
      return;
    }
    addTab();
    setTimeout(() => {
      queryEditor.setValue(document);
      variableEditor.setValue(variables);
    });
  }
  const groups = [...new Set(examples.map(({ group }) => group))];
  return h(
    "div",
    { className: "examples" },
    h("div", { className: "graphiql-doc-explorer-title" }, "Examples"),
    h("p", null, "For the plant of `twin-overlay demo`; with your own ids they run on your plant too."),
    ...groups.flatMap((group) => [
      h("h3", { key: group }, group),
      ...examples
        .filter((example) => example.group === group)
        .map((example) =>
          h(
            "button",
            {
              key: example.title,
              type: "button",
              className: "graphiql-un-styled",
              disabled: !queryEditor || !variableEditor, // they come a moment after the panel
              onClick: () => open(example),
            },
            example.title,
          ),
        ),
    ]),
  );
}

const icon = () => h("svg", { viewBox: "0 0 24 24", fill: "currentColor" }, h("path", { d: "M4 4h16v3H4zm0 6h16v3H4zm0 6h10v3H4z" }));
const panel = { title: "Examples", icon, content: () => h(Examples) };

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  h(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url, subscriptionUrl: url.replace(/^http/, "ws") }),
    defaultTabs: [{ query: examples[0].document, variables: examples[0].variables }],
    defaultEditorToolsVisibility: true,
    isHeadersEditorEnabled: true,
    inputValueDeprecation: true,
    plugins: [panel],
    visiblePlugin: panel,
  }),
);
