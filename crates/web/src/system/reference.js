"use strict";

const element = document.getElementById("reference");

SwaggerUIBundle({
  url: element.dataset.document,
  domNode: element,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null,
  withCredentials: true,
});
